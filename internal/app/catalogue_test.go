package app_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	_ "github.com/mortise-auth/mortise" // whoever declares errors and events is linked
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web/page"
	_ "github.com/mortise-auth/mortise/storage/postgres"
	_ "github.com/mortise-auth/mortise/storage/sqlite"
)

//go:generate go test -run TestReference|TestRoutes -update .

var update = flag.Bool("update", false, "write the reference pages anew")

// AU-21: the documented tables of errors and events are the ones in the code, so
// that a name cannot change or vanish unseen.
func TestReference(t *testing.T) {
	for path, want := range map[string]string{
		"../../docs/reference/errors.md": errorsPage(),
		"../../docs/reference/events.md": eventsPage(),
	} {
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(have) != want {
			t.Errorf("%s is stale: run go generate ./internal/app and read what changed", path)
		}
	}
}

const errorsHead = `<!-- Generated from the code: go generate ./internal/app rewrites it. -->
# Errors

Every refusal has a code, which never changes its meaning, and a sentence for people. Programs get both as an
RFC 9457 problem whose ` + "`type` is `/errors/{code}`" + ` below the public address; that page says the same in words.
An answer 429 or 503 says in ` + "`Retry-After`" + ` when to try again. Causes are in the log, beside the request's id.

| code | status | what happened | what to try |
|---|---|---|---|
`

func errorsPage() string {
	var b strings.Builder
	b.WriteString(errorsHead)
	for _, e := range problem.Catalogue() {
		happened, try := sentences(e.Public)
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", e.Code, e.Kind.Status(), cell(happened), cell(try))
	}
	return b.String()
}

// sentences divides what is said to people into what happened and what to do.
func sentences(public string) (first, rest string) {
	first, rest, found := strings.Cut(public, ". ")
	if found {
		first += "."
	}
	return first, rest
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const eventsHead = `<!-- Generated from the code: go generate ./internal/app rewrites it. -->
# Events

Every event is written in the transaction of the act it reports. Names are never changed and never reused; fields are
only added. Events with a sentence are in the security log of the account they happened to.

Severity: *info* is the ordinary course, *notice* something a person should recognise, *warning* perhaps an attack or a
mistake, *critical* something that somebody should look at now. The last column is the nearest name in the
[OWASP logging vocabulary](https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html).

| name | severity | sentence | OWASP |
|---|---|---|---|
`

// owasp maps names, or the beginnings of names, to the vocabulary.
var owasp = map[string]string{
	"login.succeeded":                "authn_login_success",
	"login.succeeded_after_failures": "authn_login_successafterfail",
	"login.failed":                   "authn_login_fail",
	"login.blocked":                  "authn_login_lock",
	"account.locked":                 "authn_login_lock",
	"ratelimit.exceeded":             "excess_rate_limit_exceeded",
	"password.changed":               "authn_password_change",
	"password.set":                   "authn_password_change",
	"password.set_by_setup":          "authn_password_change",
	"password.given":                 "authn_password_change",
	"password.reset_completed":       "authn_password_change",
	"session.created":                "session_created",
	"session.rotated":                "session_renewed",
	"session.expired":                "session_expired",
	"session.ended":                  "session_expired",
	"session.revoked":                "session_expired",
	"session.limit_exceeded":         "excess_sessions_exceeded",
	"authz.denied":                   "authz_fail",
	"role.assigned":                  "authz_change",
	"role.removed":                   "authz_change",
	"role.created":                   "authz_admin",
	"role.changed":                   "authz_admin",
	"role.deleted":                   "authz_admin",
	"user.created":                   "user_created",
	"user.updated":                   "user_updated",
	"user.deleted":                   "user_deleted",
	"user.disabled":                  "user_archived",
	"csrf.blocked":                   "malicious_cors",
	"input.rejected":                 "input_validation_fail",
	"server.started":                 "sys_startup",
	"server.stopped":                 "sys_shutdown",
}

func eventsPage() string {
	var b strings.Builder
	b.WriteString(eventsHead)
	for _, d := range audit.Catalogue() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", d.Name, d.Severity, cell(d.Sentence), owasp[d.Name])
	}
	return b.String()
}

// Whatever may be said to a person is said in every language.
func TestNothingIsUntranslated(t *testing.T) {
	missing, err := page.Untranslated()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range missing {
		t.Errorf("no words for %s", key)
	}
}

// ends is how a sentence ends, unless a command does.
var ends = regexp.MustCompile(`([.?]|: [a-z]+( -?[a-z0-9]+)+)$`)

// A sentence for people says what to do and ends like one.
func TestErrorsAreSentences(t *testing.T) {
	for _, e := range problem.Catalogue() {
		if strings.TrimSpace(e.Public) != e.Public || e.Public == "" || !ends.MatchString(e.Public) {
			t.Errorf("%s: %q", e.Code, e.Public)
		}
		if strings.ToLower(e.Code) != e.Code || strings.ContainsAny(e.Code, " -.") {
			t.Errorf("%q is no code", e.Code)
		}
	}
}
