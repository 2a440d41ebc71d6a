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
	accessToken = regexp.MustCompile(`"access_token":"([^"]+)"`)
	// printed are secrets that are shown once, and what pages call them.
	printed = map[string]*regexp.Regexp{"SECRET": regexp.MustCompile(`mrt_cs_[A-Za-z0-9_]+`), "IAT": regexp.MustCompile(`mrt_iat_[A-Za-z0-9_]+`)}
)

// signedIn is what docs/tokens.md says of a person's token for an API.
const signedIn = `
mortise --data ./dev-data clients create --id phone --name Phone --public --first-party --type native \
  --grant-type refresh_token --scope 'openid posts:read' --resource https://api.example.org
curl -s $U/api/v1/signin --json '{"identifier": "ada@example.test",
  "password": "correct horse battery staple", "deliver": "tokens", "client_id": "phone"}' > signin.json
ACCESS=$(jq -r .access_token signin.json)
`

// TestPagesAreRun runs the commands of pages of the documentation, as they are
// printed, each page's one after another, and looks for what each must answer.
func TestPagesAreRun(t *testing.T) {
	t.Parallel()
	p := prepare(t, []string{"dev", "--json", "--listen", "127.0.0.1:0", "--data", "dev-data"}, "REGISTRATION__MODE=token")
	p.start()
	path, err := binary()
	must(t, err)
	variables := map[string]string{"U": p.url(), "PATH": filepath.Dir(path) + ":" + os.Getenv("PATH")}
	for _, page := range []struct {
		name    string
		answers []string // to each block in turn
		before  string   // of another page, that is not run as a whole
	}{
		{"authorize.md", []string{`"client_secret":"mrt_cs_`, "303 See Other", `"request_uri":"urn:`, `"authorization_details_types":["payment"]`}, ""},
		{"openid-connect.md", []string{`"pushed_authorization_request_endpoint"`, `"claim":"sub"`}, ""},
		{"email-codes.md", []string{`"status":"continue"`, `"status":"complete"`}, ""},
		{"phones.md", []string{`"recovery_codes"`}, ""},
		{"grants/client-credentials.md", []string{`"client_secret":"mrt_cs_`, `"access_token"`, ""}, ""},
		{"grants/device.md", []string{`"user_code"`, "█", "authorization_pending"}, ""},
		{"grants/token-exchange.md", []string{`"client_secret":"mrt_cs_`, `"issued_token_type"`}, signedIn},
		{"private-key-jwt.md", []string{`"token_endpoint_auth_method":"private_key_jwt"`, `"access_token"`}, ""},
		{"registration.md", []string{`mrt_iat_`, `"registration_access_token":"mrt_rat_`, `"client_name":"App 2"`}, ""},
		{"dpop.md", []string{`error="invalid_token"`, `"authorization_servers"`}, ""},
		{"logout.md", []string{`bad_logout_target`, ""}, ""},
	} {
		text, err := os.ReadFile("../docs/" + page.name)
		must(t, err)
		blocks := shell.FindAllStringSubmatch(string(text), -1)
		if len(blocks) != len(page.answers) {
			t.Errorf("%s has %d commands, want %d", page.name, len(blocks), len(page.answers))
			continue
		}
		p.bash(page.before, variables)
		for i, b := range blocks {
			out := p.bash(b[1], variables)
			if !strings.Contains(out, page.answers[i]) {
				t.Errorf("%s: this does not answer %q but %q:\n%s", page.name, page.answers[i], tail(out, 600), b[1])
			}
			for name, form := range printed {
				if s := form.FindString(out); s != "" {
					variables[name] = s
				}
			}
			if m := accessToken.FindStringSubmatch(out); m != nil {
				variables["TOKEN"] = m[1]
			}
		}
	}
	p.stopped()
}

// bash runs a script in the folder of the process, and wants it to end well. What it
// sets stays in variables, as in a terminal.
func (p *process) bash(script string, variables map[string]string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "bash", "-euo", "pipefail", "-c", "set -a\n"+script+"\nenv -0 > .variables")
	cmd.Dir = p.dir
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Errorf("%v: %s\n%s", err, tail(string(out), 600), script)
		return string(out)
	}
	set, err := os.ReadFile(filepath.Join(p.dir, ".variables"))
	must(p.t, err)
	for pair := range strings.SplitSeq(strings.TrimRight(string(set), "\x00"), "\x00") {
		if name, value, ok := strings.Cut(pair, "="); ok && !strings.HasPrefix(name, "BASH_FUNC") {
			variables[name] = value
		}
	}
	return string(out)
}
