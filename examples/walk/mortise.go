package walk

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is Mortise itself, built once for the tests of one example.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mortise-example-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mortise")
	build := exec.Command("go", "build", "-o", path, "./cmd/mortise")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// Main runs the tests and removes what was built for them.
func Main(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // in the folder for temporary files
	}
	os.Exit(code)
}

// Mortise runs "mortise dev --apply FILE" until the test ends and returns its URL.
// Replace says which texts of the file become which others: the ports of a test are
// free ones.
func Mortise(t *testing.T, file string, replace ...string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	declared := filepath.Join(t.TempDir(), "apply.yaml")
	text := strings.NewReplacer(replace...).Replace(string(raw))
	if err := os.WriteFile(declared, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "dev", "--json", "--listen", "127.0.0.1:0", "--apply", declared)
	cmd.Dir = t.TempDir()
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // how it ends is for other tests
		if t.Failed() {
			t.Logf("mortise wrote:\n%s", log.String())
		}
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	var ready struct{ URL string }
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		t.Fatalf("mortise says %q: %v", line, err)
	}
	return strings.TrimSuffix(ready.URL, "/login")
}

// Listen takes a free port of localhost and returns its origin.
func Listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l, "http://localhost:" + port
}

// Serve serves h on l until the test ends.
func Serve(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	srv := &http.Server{Handler: h}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
}

// Until waits for something that another process does; where says more when it does not.
func Until(t *testing.T, what string, done func() bool, where ...func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !done(); <-tick.C {
		if time.Now().After(end) {
			for _, say := range where {
				t.Log(say())
			}
			t.Fatalf("still waiting for %s", what)
		}
	}
}
