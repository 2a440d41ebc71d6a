package arch

import (
	"strings"
	"testing"
)

// TestChecker proves that each rule can fail: every source but the last of its
// kind breaks exactly one.
func TestChecker(t *testing.T) {
	const m = modulePath
	cases := []struct {
		name, file, src string
		want            string // part of the only finding; "" for none
	}{
		{"domain imports domain", "internal/session/a.go", `import _ "` + m + `/internal/mail"`, "session may not import mail"},
		{"flow imports flow", "internal/signin/a.go", `import _ "` + m + `/internal/account"`, "signin may not import account"},
		{"web imports store", "internal/web/account/a.go", `import _ "` + m + `/internal/store"`, "web/account may not import store"},
		{"root imports an engine", "a.go", `import _ "` + m + `/storage/sqlite"`, ". may not import storage/sqlite"},
		{"kernel imports user", "internal/audit/a.go", `import _ "` + m + `/internal/user"`, "audit may not import user"},
		{"product imports test kit", "internal/app/a.go", `import _ "` + m + `/internal/testenv"`, "app may not import testenv"},
		{"domain imports user", "internal/session/a.go", `import _ "` + m + `/internal/user"`, ""},
		{"flow imports domain", "internal/signin/a.go", `import _ "` + m + `/internal/session"`, ""},
		{"engine imports store", "storage/sqlite/a.go", `import _ "` + m + `/internal/store"`, ""},
		{"command imports the root", "cmd/mortise/a.go", `import _ "` + m + `"`, ""},
		{"no line", "internal/util/a.go", ``, "package util has no line"},
		{"sql outside engines", "internal/user/a.go", `import _ "database/sql"`, "user may not import database/sql"},
		{"http in a domain", "internal/session/a.go", `import _ "net/http"`, "session may not import net/http"},
		{"http in web", "internal/web/signin/a.go", `import _ "net/http"`, ""},
		{"randomness", "internal/session/a.go", `import _ "crypto/rand"`, "session may not import crypto/rand"},
		{"randomness in secret", "internal/secret/a.go", `import _ "crypto/rand"`, ""},
		{"now", "internal/session/a.go", "import \"time\"\nfunc f() { _ = time.Now() }", "session may not use time.Now"},
		{"now, renamed", "internal/session/a.go", "import x \"time\"\nfunc f() { g(x.Now) }", "session may not use time.Now"},
		{"since", "internal/session/a.go", "import \"time\"\nfunc f(t time.Time) { _ = time.Since(t) }", "session may not use time.Since"},
		{"now in app", "internal/app/a.go", "import \"time\"\nfunc f() { _ = time.Now() }", ""},
		{"another Now", "internal/session/a.go", "func f(c clock) { _ = c.Now() }", ""},
		{"getenv", "internal/app/a.go", "import \"os\"\nvar v = os.Getenv(\"A\")", "app may not use os.Getenv"},
		{"getenv in the command", "cmd/mortise/a.go", "import \"os\"\nvar v = os.Getenv(\"A\")", ""},
		{"exit", "internal/app/a.go", "import \"os\"\nfunc f() { os.Exit(1) }", "app may not use os.Exit"},
		{"fatal", "cmd/mortise/a.go", "import \"log\"\nfunc f() { log.Fatal() }", "may not use log.Fatal"},
		{"default client", "internal/egress/a.go", "import \"net/http\"\nvar c = http.DefaultClient", "may not use http.DefaultClient"},
		{"init", "internal/mail/a.go", "func init() {}", "no init functions"},
		{"method called init", "internal/mail/a.go", "func (m) init() {}", ""},
		{"clock", "internal/app/a.go", "import \"time\"\nvar now = time.Now", "no clock at package level"},
		{"clock by type", "internal/app/a.go", "import \"time\"\nvar now func() time.Time", "no clock at package level"},
		{"clock field", "internal/app/a.go", "import \"time\"\ntype a struct{ now func() time.Time }", ""},
		{"dot import", "internal/user/a.go", `import . "strings"`, "dot imports"},
		{"unknown module", "internal/user/a.go", `import _ "example.com/x"`, "example.com/x has no line"},
		{"module elsewhere", "internal/user/a.go", `import _ "github.com/jackc/pgx/v5/pgxpool"`, "user may not import github.com/jackc/pgx"},
		{"module at home", "storage/postgres/a.go", `import _ "github.com/jackc/pgx/v5/pgxpool"`, ""},
		{"longest prefix", "internal/user/a.go", `import _ "golang.org/x/crypto/argon2"`, "user may not import"},
		{"never", "internal/user/a_test.go", `import _ "github.com/stretchr/testify/require"`, "nothing imports"},
		{"never by prefix only", "internal/arch/a_test.go", `import _ "github.com/golang-jwtx/y"`, ""},
		{"skip", "internal/user/a_test.go", "func f(t *testing.T) { t.Skip() }", "no skipped tests"},
		{"tests are free", "internal/user/a_test.go", `import _ "net/http"`, ""},
		{"too long", "internal/user/a.go", strings.Repeat("\n", maxLines+1), "a file holds one thing"},
	}
	p := mustParse(t, policyText)
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(p)
			c.source(t, tt.file, "// Package x is documented.\npackage x\n"+tt.src)
			expect(t, c.finish(), tt.want)
		})
	}
}

func TestOneImporter(t *testing.T) {
	p := mustParse(t, "[ours]\na :\nb :\n[modules]\nexample.com/m one a b\n")
	c := newChecker(p)
	src := "// Package x is documented.\npackage x\nimport _ \"example.com/m/sub\""
	c.source(t, "a/x.go", src)
	c.source(t, "a/y.go", src)
	expect(t, c.findings, "")
	c.source(t, "b/x.go", src)
	expect(t, c.finish(), "example.com/m is imported by a and b")
}

func TestPackageComment(t *testing.T) {
	c := newChecker(mustParse(t, "[ours]\na :\n"))
	c.source(t, "a/x.go", "package a")
	expect(t, c.finish(), "package a has no package comment")
}

func TestPolicyFaults(t *testing.T) {
	for _, text := range []string{
		"[ours]\nuser",
		"[ours]\nuser = mail",
		"[ours]\nuser :\nuser :",
		"[groups]\nA = x\n[ours]\nA :\nx :",
		"[modules]\nm two a",
		"[nowhere]\na : b",
	} {
		if _, err := parsePolicy(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func expect(t *testing.T, findings []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(findings) > 0:
		t.Errorf("unexpected: %q", findings)
	case want != "" && (len(findings) != 1 || !strings.Contains(findings[0], want)):
		t.Errorf("findings %q, want one with %q", findings, want)
	}
}
