package mortise_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/mortisetest"
)

// printed is the program of the README, byte for byte.
func printed(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```go\npackage main")
	program, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no program")
	}
	return "package main" + program
}

func TestReadmeProgramIsFifteenLines(t *testing.T) {
	t.Parallel()
	_, rest, _ := strings.Cut(printed(t), "func main() {\n")
	body, _, _ := strings.Cut(rest, "\n}\n")
	if n := strings.Count(body, "\n") + 1; n > 15 {
		t.Errorf("main has %d lines", n)
	}
}

// start builds the program and runs it at a free port, which is the one thing that
// is changed in it. It returns its origin.
func start(t *testing.T, program string) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "localhost:" + l.Addr().String()[strings.LastIndexByte(l.Addr().String(), ':')+1:]
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(program, "localhost:8080", address)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	run(t, binary, dir)
	origin := "http://" + address
	await(t, origin+"/auth/healthz")
	return origin
}

func run(t *testing.T, binary, dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, binary)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("the program said:\n%s", log.String())
		}
	})
}

// await asks until somebody answers.
func await(t *testing.T, address string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := ask(ctx, "GET", address, nil); err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not answer", address)
		case <-tick.C:
		}
	}
}

type reply struct {
	status int
	header http.Header
	body   string
}

func ask(ctx context.Context, method, address string, header map[string]string) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return reply{}, err
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

func must(t *testing.T) func(reply, error) reply {
	return func(r reply, err error) reply {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

// letter returns the link of the first mail in the dev mailbox.
func letter(t *testing.T, origin string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		var mails []struct{ Links []string }
		got := must(t)(ask(ctx, "GET", origin+"/auth/dev/mail.json", nil))
		if err := json.Unmarshal([]byte(got.body), &mails); err != nil {
			t.Fatalf("%v in %s", err, got.body)
		}
		if len(mails) > 0 && len(mails[0].Links) > 0 {
			return mails[0].Links[0]
		}
	}
	t.Fatal("no mail came")
	return ""
}

// TH-30: the program that we print, as we print it: it asks strangers to sign in,
// greets who did, and refuses what other sites send with their cookies.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	origin := start(t, printed(t))
	stranger := must(t)(ask(t.Context(), "GET", origin+"/", map[string]string{"Accept": "text/html"}))
	if to := stranger.header.Get("Location"); stranger.status != http.StatusSeeOther || !strings.HasPrefix(to, origin+"/auth/login") {
		t.Fatalf("a stranger got %d to %q", stranger.status, to)
	}

	const email, phrase = "kim@example.test", "seven oak pegs hold this frame"
	b := mortisetest.NewBrowser(t, origin)
	b.Open("/auth/signup").Fill("display-name", "Kim").Fill("email", email).Fill("new-password", phrase).Submit()
	b.Open(letter(t, origin)).Submit()
	b.Open("/").At("/auth/login").Fill("identifier", email).Fill("password", phrase).Submit().At("/").See("Hello, Kim!")

	cookie := "mortise=" + b.Cookie("mortise")
	for _, c := range []struct {
		name, method, origin string
		header               map[string]string
		want                 int
	}{
		{"own POST", "POST", origin, nil, 200},
		{"sibling's POST", "POST", "http://evil.localhost", nil, 403},
		{"own WebSocket", "GET", origin, map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}, 200},
		{"sibling's WebSocket", "GET", "http://evil.localhost", map[string]string{"Connection": "Upgrade", "Upgrade": "websocket"}, 403},
	} {
		header := map[string]string{"Cookie": cookie, "Origin": c.origin}
		for k, v := range c.header {
			header[k] = v
		}
		if got := must(t)(ask(t.Context(), c.method, origin+"/", header)); got.status != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.status, c.want, got.body)
		}
	}
}

// TH-3: the test that the README prints runs as it stands.
func TestReadmeTokens(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), "```go\npackage tokens")
	body, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no test of tokens")
	}
	file := filepath.Join(t.TempDir(), "tokens_test.go")
	if err := os.WriteFile(file, []byte("package tokens"+body), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-v", file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestTokensDie") {
		t.Fatalf("go test: %v\n%s", err, out)
	}
}
