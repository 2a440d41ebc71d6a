package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ailing runs doctor over a data folder that change has spoiled.
func ailing(t *testing.T, change func(data string, environ *[]string, b *fakeBackend)) (code int, out, errs string) {
	t.Helper()
	t.Chdir(t.TempDir())
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	b := &fakeBackend{}
	environ := []string{"MORTISE_DATA=" + data, "MORTISE_URL=https://id.example.org", "MORTISE_TRUSTED_PROXIES=[\"127.0.0.1\"]", "MORTISE_SECRET_KEY=" + exampleKey}
	change(data, &environ, b)
	var o, e strings.Builder
	p := &program{in: strings.NewReader(""), out: &o, err: &e, environ: environ, backend: b}
	return p.run(t.Context(), []string{"doctor", "--json"}), o.String(), e.String()
}

const exampleKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// TH-28 SK-6: doctor finds the master key beside the data, whatever the file is
// called, and ends with 6.
func TestDoctor(t *testing.T) {
	write := func(path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	well := func(string, *[]string, *fakeBackend) {}
	for name, c := range map[string]struct {
		change func(data string, environ *[]string, b *fakeBackend)
		code   int
		want   string // number of the finding; empty: none
	}{
		"well": {well, exitDone, ""},
		"key in the folder": {func(data string, _ *[]string, _ *fakeBackend) {
			write(filepath.Join(data, "old", "backup.env"), "A=b\nMORTISE_SECRET_KEY="+exampleKey+"\n", 0o600)
		}, exitProblems, "MD-10"},
		"another text in the folder": {func(data string, _ *[]string, _ *fakeBackend) {
			write(filepath.Join(data, "notes"), "nothing", 0o644)
		}, exitDone, ""},
		"an open folder": {func(data string, _ *[]string, _ *fakeBackend) {
			if err := os.Chmod(data, 0o755); err != nil { //nolint:gosec // that is the fault
				t.Fatal(err)
			}
		}, exitProblems, "MD-11"},
		"an open key file": {func(data string, environ *[]string, _ *fakeBackend) {
			path := filepath.Join(filepath.Dir(data), "key")
			write(path, exampleKey+"\n", 0o644)
			*environ = append((*environ)[:3], "MORTISE_SECRET_KEY_FILE="+path)
		}, exitProblems, "MD-11"},
		"no proxy is trusted": {func(_ string, environ *[]string, _ *fakeBackend) {
			(*environ)[2] = "NO_COLOR=1"
		}, exitProblems, "MD-12"},
		"the server's problem": {func(_ string, _ *[]string, b *fakeBackend) {
			b.findings = `{"number":"MD-2","severity":"problem","title":"The clock differs","cause":"c","evidence":"e","fix":"f"}`
		}, exitProblems, "MD-2"},
		"the server's notice": {func(_ string, _ *[]string, b *fakeBackend) {
			b.findings = `{"number":"MD-1","severity":"notice","title":"No standby","cause":"c","evidence":"e","fix":"f"}`
		}, exitDone, "MD-1"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := ailing(t, c.change)
			if code != c.code || (c.want == "") != (strings.TrimSpace(out) == "") || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d with %q:\n%s%s", code, c.code, c.want, out, errs)
			}
			if strings.Contains(out+errs, exampleKey) {
				t.Error("the key was printed")
			}
		})
	}
}
