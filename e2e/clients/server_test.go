package clients

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/testenv"
)

const password = "correct horse battery staple"

// binary is the program, built once per run.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mortise-clients-")
	if err != nil {
		return "", err
	}
	testenv.AtEnd(func() error { return os.RemoveAll(dir) })
	path := filepath.Join(dir, "mortise")
	build := exec.Command("go", "build", "-o", path, "./cmd/mortise")
	build.Env, build.Dir = append(os.Environ(), "CGO_ENABLED=0"), "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// server is a production server over https that knows the clients.
type server struct {
	*authority
	issuer string
	env    []string
	log    buffer
}

func serve(t *testing.T, settings ...string) *server {
	t.Helper()
	return certify(t).mortise(t, "localhost", settings...)
}

// mortise is a server at a name of this machine: cookies know names and no ports, so
// two servers that one browser visits have different ones.
func (a *authority) mortise(t *testing.T, name string, settings ...string) *server {
	t.Helper()
	port, dir := freePort(t), folder(t)
	s := &server{authority: a, issuer: "https://" + name + ":" + port}
	var key [32]byte
	_, _ = rand.Read(key[:])
	s.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(), "SSL_CERT_FILE=" + s.cert}
	for _, setting := range append([]string{
		"URL=" + s.issuer, "LISTEN=127.0.0.1:" + port, "ADMIN_LISTEN=127.0.0.1:0", "DATA=" + filepath.Join(dir, "data"),
		"SECRET_KEY=" + base64.StdEncoding.EncodeToString(key[:]), "TLS__CERT_FILE=" + s.cert, "TLS__KEY_FILE=" + s.key,
		"EGRESS_ALLOW=127.0.0.0/8", "LOG_LEVEL=debug",
	}, settings...) {
		s.env = append(s.env, "MORTISE_"+setting)
	}
	path, err := binary()
	must(t, err)
	cmd := exec.Command(path, "serve", "--json")
	cmd.Env, cmd.Dir = s.env, dir
	lines := run(t, cmd, &s.log)
	ready := make(chan string, 1)
	go func() {
		for lines.Scan() {
			select {
			case ready <- lines.Text():
			default:
			}
		}
		close(ready)
	}()
	select {
	case line := <-ready:
		if !strings.Contains(line, s.issuer) {
			t.Fatalf("the server ended before it was ready: %s", line)
		}
	case <-time.After(patience):
		t.Fatal("the server is not ready")
	}
	return s
}

// do runs a command of the program, which must succeed.
func (s *server) do(t *testing.T, stdin string, args ...string) (out string) {
	t.Helper()
	path, err := binary()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env, cmd.Stdin = s.env, strings.NewReader(stdin)
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mortise %s: %v\n%s", strings.Join(args, " "), err, got)
	}
	return string(got)
}
