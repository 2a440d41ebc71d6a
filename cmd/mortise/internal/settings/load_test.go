package settings

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// disk stands for the file system: names to contents.
type disk map[string]string

func (d disk) readFile(name string) ([]byte, error) {
	if text, ok := d[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (d disk) readDir(dir string) ([]string, error) {
	var names []string
	for name := range d {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return names, nil
}

func load(d disk, env ...string) (*Loaded, error) {
	return Load(Inputs{Environ: env, ReadFile: d.readFile, ReadDir: d.readDir})
}

func mustLoad(t *testing.T, d disk, env ...string) *Loaded {
	t.Helper()
	l, err := load(d, env...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestDefaultsAreValid(t *testing.T) {
	l := mustLoad(t, nil)
	if l.File != "" || l.Settings.Listen != "127.0.0.1:8080" || l.Settings.Session.Absolute != 30*24*time.Hour {
		t.Errorf("defaults: %+v", l.Settings)
	}
	if err := l.Settings.ForServe(); err == nil || !strings.Contains(err.Error(), "secret_key") || !strings.Contains(err.Error(), "url") {
		t.Errorf("serve without url and key: %v", err)
	}
}

func TestLayers(t *testing.T) {
	file := disk{"mortise.yaml": "log:\n  level: warn\nlisten: 127.0.0.1:1\n"}
	in := Inputs{
		Flags:    map[string]Flag{"log.level": {"--log-level", "error"}},
		Environ:  []string{"MORTISE_LOG_LEVEL=debug", "PORT=9"},
		ReadFile: file.readFile,
	}
	l, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := l.Setting("log.level")
	want := []Layer{
		{"flag", "--log-level", "error"},
		{"env", "MORTISE_LOG_LEVEL", "debug"},
		{"file", "mortise.yaml:2:10", "warn"},
		{"default", "", "info"},
	}
	if diff := cmp.Diff(want, got.Layers); diff != "" {
		t.Error(diff)
	}
	if l.Settings.Log.Level != "error" || l.Settings.Listen != "127.0.0.1:1" {
		t.Errorf("winners: %q %q", l.Settings.Log.Level, l.Settings.Listen)
	}
}

func TestPortCountsOnlyAlone(t *testing.T) {
	in := Inputs{Environ: []string{"PORT=9000"}, PortHost: "127.0.0.1", ReadFile: disk{}.readFile}
	l, err := Load(in)
	if err != nil || l.Settings.Listen != "127.0.0.1:9000" {
		t.Errorf("listen %q, %v", l.Settings.Listen, err)
	}
	if l := mustLoad(t, nil, "PORT=junk", "MORTISE_LISTEN=127.0.0.1:7"); l.Settings.Listen != "127.0.0.1:7" {
		t.Errorf("listen %q", l.Settings.Listen)
	}
}

func TestEnvironmentForms(t *testing.T) {
	files := disk{"/run/key": key + "\n", "/run/cred/mortise.smtp.url": "smtp://u:p@mail.test:587\n", "/run/cred/other": "x"}
	l := mustLoad(t, files,
		"MORTISE_SECRET_KEY_FILE=/run/key",
		"CREDENTIALS_DIRECTORY=/run/cred",
		"MORTISE_TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.1",
		`MORTISE_PASSWORD__CONTEXT_WORDS=["acme, inc", "rocket"]`,
		"MORTISE_TLS__ACME__DOMAINS=a.test",
		"MORTISE_SESSION__IDLE=1d12h",
		"MORTISE_TEST_ANYTHING=1",
	)
	s := l.Settings
	if _, ok := DecodeKey(s.SecretKey); !ok {
		t.Error("the line break of the key file was not dropped")
	}
	if s.SMTP.URL.Reveal() != "smtp://u:p@mail.test:587" {
		t.Error("the credential was not read")
	}
	if got := s.TrustedProxies; len(got) != 2 || got[1] != "192.0.2.1" {
		t.Errorf("proxies %v", got)
	}
	if diff := cmp.Diff([]string{"acme, inc", "rocket"}, s.Password.ContextWords); diff != "" {
		t.Error(diff)
	}
	if s.Session.Idle != 36*time.Hour {
		t.Errorf("idle %v", s.Session.Idle)
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		env        []string
		want       []string
	}{
		{"unknown variable", "", []string{"MORTISE_LISTN=x"}, []string{"MORTISE_LISTN: unknown variable; did you mean MORTISE_LISTEN?"}},
		{"single underscore", "", []string{"MORTISE_SESSION_IDLE=1h"}, []string{"MORTISE_SESSION_IDLE: unknown variable; did you mean MORTISE_SESSION__IDLE?"}},
		{"a proxy by name", "", []string{"MORTISE_TRUSTED_PROXIES=loopback, unix, forwarded=10.0.0.1, proxy.test"}, []string{`MORTISE_TRUSTED_PROXIES: trusted_proxies: "proxy.test" is not an address, a network such as 10.0.0.0/8, loopback or unix`}},
		{"everybody a proxy", "", []string{"MORTISE_TRUSTED_PROXIES=0.0.0.0/0"}, []string{"MORTISE_TRUSTED_PROXIES: trusted_proxies: trusting 0.0.0.0/0 would let every client choose its own address; name the networks of your proxies"}},
		{"unknown key", "log:\n  lvel: info\n", nil, []string{"mortise.yaml:2:3: log.lvel: unknown setting; did you mean log.level?"}},
		{"unknown section", "logg: {}\n", nil, []string{"mortise.yaml:1:1: logg: unknown setting; did you mean log?"}},
		{"value and file", "", []string{"MORTISE_URL=https://a.test", "MORTISE_URL_FILE=/x"}, []string{"both are set; keep one", "/x"}},
		{"short and long", "", []string{"MORTISE_DATABASE_URL=", "MORTISE_DATABASE__URL="}, []string{"MORTISE_DATABASE__URL and MORTISE_DATABASE_URL: database.url: both are set"}},
		{"duplicate key", "url: https://a.test\nurl: https://b.test\n", nil, []string{"mortise.yaml:2:"}},
		{"syntax", "a: b: c\n", nil, []string{"mortise.yaml:1:"}},
		{"two documents", "url: https://a.test\n---\n{}\n", nil, []string{"want one YAML document"}},
		{"not a mapping", "- a\n", nil, []string{"mortise.yaml:1:1"}},
		{"empty value", "url:\n", nil, []string{"has no value"}},
		{"alias", "url: &a https://a.test\nlisten: *a\n", nil, []string{"mortise.yaml:2:9"}},
		{"list for text", "url: [a]\n", nil, []string{"want one value, got a list"}},
		{"bad number", "password:\n  min_length: many\n", nil, []string{"mortise.yaml:2:15: password.min_length: want a whole number"}},
		{"out of bounds PW-1", "password:\n  min_length: 7\n", nil, []string{"want 8 to 64"}},
		{"bad level", "", []string{"MORTISE_LOG_LEVEL=loud"}, []string{"MORTISE_LOG_LEVEL: log.level: want debug, info, warn or error"}},
		{"losing layer", "log: {level: loud}\n", []string{"MORTISE_LOG_LEVEL=info"}, []string{"mortise.yaml:1:14: log.level"}},
		{"redis", "", []string{"MORTISE_REDIS_URL=http://h:1"}, []string{"want redis://host:port"}},
		{"plain http", "listen: :80\n", nil, []string{"mortise.yaml:1:9: listen: this is not loopback"}},
		{"plain url", "url: http://id.example.org\n", nil, []string{"http is for loopback only"}},
		{"url with slash", "url: https://id.example.org/\n", nil, []string{"slash at the end"}},
		{"half a certificate", "tls: {cert_file: a}\n", nil, []string{"go together"}},
		{"short key", "secret_key: c2hvcnQ=\n", nil, []string{"exactly 32 bytes"}},
		{"missing key file", "secret_key: {file: nowhere}\n", nil, []string{"mortise.yaml:1:13: secret_key: open nowhere"}},
		{"idle beyond absolute SE-20", "session: {idle: 40d}\n", nil, []string{"longer than session.absolute"}},
		{"several at once", "urll: x\nlog: {level: loud}\n", []string{"MORTISE_NOPE=1"}, []string{"urll", "loud|want debug", "MORTISE_NOPE"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := disk{}
			if tt.file != "" {
				d["mortise.yaml"] = tt.file
			}
			_, err := load(d, tt.env...)
			var faults Faults
			if !errors.As(err, &faults) {
				t.Fatalf("no faults: %v", err)
			}
			for _, want := range tt.want {
				if !containsAny(err.Error(), strings.Split(want, "|")) {
					t.Errorf("missing %q in:\n%v", want, err)
				}
			}
		})
	}
}

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

func TestPathsOfAFileAreBesideIt(t *testing.T) {
	d := disk{"/etc/m/a.yaml": "data: d\ntls: {cert_file: c.pem, key_file: /k.pem}\nsecret_key: {file: key}\n", "/etc/m/key": key}
	s := mustLoad(t, d, "MORTISE_CONFIG=/etc/m/a.yaml", "MORTISE_PASSWORD__CORPUS_FILE=c").Settings
	got := []string{s.Data, s.TLS.CertFile, s.TLS.KeyFile, s.Password.CorpusFile}
	if diff := cmp.Diff([]string{"/etc/m/d", "/etc/m/c.pem", "/k.pem", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamedFileMustExist(t *testing.T) {
	if _, err := load(nil, "MORTISE_CONFIG=/etc/none.yaml"); err == nil || !strings.Contains(err.Error(), "/etc/none.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	l := mustLoad(t, nil, "MORTISE_SECRET_KEY="+key, "MORTISE_DATABASE_URL=postgres://u:hunter2@db.test/m?password=hunter2")
	for name, want := range map[string]any{"secret_key": "[redacted]", "database.url": "postgres://[redacted]@db.test/m"} {
		if s, _ := l.Setting(name); s.Value != want {
			t.Errorf("%s shows as %v", name, s.Value)
		}
	}
	_, err := load(nil, "MORTISE_SECRET_KEY=hunter2", "MORTISE_DATABASE_URL=mysql://u:hunter2@h", "MORTISE_SMTP_URL=hunter2")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a fault tells the secret: %v", err)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"30m": 30 * time.Minute, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "90s": 90 * time.Second} {
		d, err := ParseDuration(text)
		if err != nil || d != want {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		if back, err := ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Errorf("%s is written %s", text, FormatDuration(d))
		}
	}
	for _, text := range []string{"", "5", "-5m", "-1d", "d", "1w", "99999999d", "1d-1h"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, d)
		}
	}
}

// Every setting explains itself and its tags can be read.
func TestDocs(t *testing.T) {
	seen := map[string]bool{}
	for i, d := range Docs() {
		f := fields()[i]
		if len(d.Text) < 10 || seen[d.Key] {
			t.Errorf("%s: text %q, or listed twice", d.Key, d.Text)
		}
		seen[d.Key] = true
		for _, bound := range []string{f.min, f.max} {
			if bound != "" && bound != "0" && f.limit(bound) == 0 {
				t.Errorf("%s: bound %q", d.Key, bound)
			}
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("url: https://a.test\nlog: {level: info}\n")
	f.Add("a: &a [*a]\n")
	f.Add("secret_key: {file: x}\n? [b]\n: c\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, faults := readYAML("f.yaml", []byte(text), disk{}.readFile)
		for k := range found {
			if !slices.Contains(Keys(), k) {
				t.Errorf("unknown key %q", k)
			}
		}
		if len(faults) > 0 && faults.Error() == "" {
			t.Error("faults without words")
		}
	})
}

func FuzzEnv(f *testing.F) {
	f.Add("MORTISE_TRUSTED_PROXIES", "10.0.0.0/8")
	f.Add("MORTISE_PASSWORD__CONTEXT_WORDS", `["a"]`)
	f.Add("MORTISE_SESSION__IDLE", "1d")
	f.Add("PORT", "1")
	f.Fuzz(func(t *testing.T, name, value string) {
		l, err := load(nil, name+"="+value)
		if l == nil || (err == nil) != (len(l.All) == len(Keys()) && l.reload(name, value)) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	})
}

// reload reports whether reading the same again has the same outcome.
func (l *Loaded) reload(name, value string) bool {
	again, err := load(nil, name+"="+value)
	return err == nil && cmp.Equal(l.All, again.All)
}
