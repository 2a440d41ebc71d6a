package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestFirstCommand runs what the README promises to somebody with nothing but
// Go: no file, no flag, no variable.
func TestFirstCommand(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	must(t, err)
	for _, command := range []string{"go run ./cmd/mortise dev", "make test"} {
		if !strings.Contains(string(readme), command) {
			t.Errorf("the README does not say %q", command)
		}
	}
	cmd := exec.Command("go", "run", "./cmd/mortise", "dev")
	cmd.Dir = ".."
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "MORTISE_") })
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // go run passes no signals on
	errs := &buffer{}
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	stop := func(s syscall.Signal) { _ = syscall.Kill(-cmd.Process.Pid, s) }
	t.Cleanup(func() { stop(syscall.SIGKILL) })
	ready := firstObject(t, out, errs)
	resp, err := http.Get(ready.URL)
	must(t, err)
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 || !strings.Contains(string(body), `id="identifier"`) {
		t.Errorf("%s answers %d", ready.URL, resp.StatusCode)
	}
	stop(syscall.SIGINT)
	_ = cmd.Wait() // go run, when interrupted, ends with 1 whatever the program does
	if strings.Contains(errs.String(), `"code":`) {
		t.Errorf("ctrl-c: %s", tail(errs.String(), 2000))
	}
}

func firstObject(t *testing.T, out io.Reader, errs *buffer) (r ready) {
	t.Helper()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || json.Unmarshal([]byte(line), &r) != nil {
		t.Fatalf("it says %q: %v\n%s", line, err, tail(errs.String(), 4000))
	}
	return r
}

// TestNothingUntrackedIsBuiltIn: a clean checkout has every file that the program
// is built from, those it embeds included.
func TestNothingUntrackedIsBuiltIn(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../.git"); errors.Is(err, os.ErrNotExist) {
		t.Log("this tree came without its history, so all that is here was given")
		return
	}
	tracked := map[string]bool{}
	for _, name := range strings.Split(output(t, "git", "ls-files", "-z", "--cached", "--full-name"), "\x00") {
		tracked[name] = true
	}
	const form = `{{$d := .Dir}}{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`
	root, err := filepath.Abs("..")
	must(t, err)
	files := strings.Fields(output(t, "go", "list", "-deps", "-f", form, "./cmd/mortise"))
	if len(files) < 200 {
		t.Fatalf("only %d files", len(files))
	}
	for _, f := range files {
		rel, err := filepath.Rel(root, f)
		must(t, err)
		if !tracked[filepath.ToSlash(rel)] {
			t.Errorf("%s is built in and not in the repository", rel)
		}
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	must(t, err)
	return string(out)
}
