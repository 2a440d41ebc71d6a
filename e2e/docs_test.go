package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	shell       = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	madeSecret  = regexp.MustCompile(`mrt_cs_[A-Za-z0-9_]+`)
	accessToken = regexp.MustCompile(`"access_token":"([^"]+)"`)
)

// TestPagesAreRun runs the commands of pages of the documentation, as they are
// printed, each page's one after another, and looks for what each must answer.
func TestPagesAreRun(t *testing.T) {
	t.Parallel()
	p := prepare(t, []string{"dev", "--json", "--listen", "127.0.0.1:0", "--data", "dev-data"})
	p.start()
	path, err := binary()
	must(t, err)
	variables := map[string]string{"U": p.url(), "PATH": filepath.Dir(path) + ":" + os.Getenv("PATH")}
	for _, page := range []struct {
		name    string
		answers []string // to each block in turn
	}{
		{"authorize.md", []string{`"client_secret":"mrt_cs_`, "303 See Other", `"request_uri":"urn:`}},
		{"openid-connect.md", []string{`"pushed_authorization_request_endpoint"`, `"claim":"sub"`}},
		{"email-codes.md", []string{`"status":"continue"`, `"status":"complete"`}},
		{"phones.md", []string{`"recovery_codes"`}},
		{"grants/client-credentials.md", []string{`"client_secret":"mrt_cs_`, `"access_token"`, ""}},
		{"grants/device.md", []string{`"user_code"`, "█", "authorization_pending"}},
	} {
		text, err := os.ReadFile("../docs/" + page.name)
		must(t, err)
		blocks := shell.FindAllStringSubmatch(string(text), -1)
		if len(blocks) != len(page.answers) {
			t.Errorf("%s has %d commands, want %d", page.name, len(blocks), len(page.answers))
			continue
		}
		for i, b := range blocks {
			out := p.bash(b[1], variables)
			if !strings.Contains(out, page.answers[i]) {
				t.Errorf("%s: this does not answer %q but %q:\n%s", page.name, page.answers[i], tail(out, 600), b[1])
			}
			if s := madeSecret.FindString(out); s != "" {
				variables["SECRET"] = s
			}
			if m := accessToken.FindStringSubmatch(out); m != nil {
				variables["TOKEN"] = m[1]
			}
		}
	}
	p.stopped()
}

// bash runs a script in the folder of the process, and wants it to end well.
func (p *process) bash(script string, variables map[string]string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = p.dir
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Errorf("%v: %s\n%s", err, tail(string(out), 600), script)
	}
	return string(out)
}
