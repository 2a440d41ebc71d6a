package app

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/challenge"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// made is what differs from one answer to the next whomever it is about.
var made = regexp.MustCompile(`[A-Za-z0-9_-]{20,}|req_[0-9a-f]+|[A-Z2-9]{3}-[A-Z2-9]{3}\b|[a-z]{4}(@|%40)mail\.org`)

// face is what a stranger can tell answers apart by.
func (a answer) face() string {
	mask := func(text string) string {
		return made.ReplaceAllStringFunc(text, func(s string) string { return fmt.Sprintf("…%d", len(s)) })
	}
	var cookies []string
	for _, c := range a.Result().Cookies() {
		cookies = append(cookies, fmt.Sprintf("%s %d %s %d %v %v", c.Name, len(c.Value), c.Path, c.MaxAge, c.HttpOnly, c.SameSite))
	}
	slices.Sort(cookies)
	return fmt.Sprintf("%d %s %s %s\n%v\n%s", a.Code, http.StatusText(a.Code), slices.Sorted(maps.Keys(a.Header())), mask(a.Header().Get("Location")), cookies, mask(a.Body.String()))
}

// PW-16 PW-25 PW-30 PW-53 TH-34: whatever an account has, and whether there is one: nobody who
// has proven nothing learns it from any endpoint of any factor, by status, headers,
// cookies, or length and words of the answer.
func TestNoFactorTellsOfAnAccount(t *testing.T) {
	t.Parallel()
	a := newAbroad(t, withMail, withPhones)
	kinds := []string{"none"}
	for kind, has := range map[string][]string{"word": nil, "apps": {"app"}, "call": {"phone"}, "keys": {"passkey"}, "both": {"app", "passkey"}, "link": {"link"}, "keyd": {"passkey"}} {
		kinds = append(kinds, kind)
		e := &everyFactor{abroad: a, t: t, email: kind + "@mail.org", number: "+4917112345" + fmt.Sprint(10+len(kinds))}
		e.who = a.person(t, e.email).ID
		for _, what := range has {
			e.change(what)
		}
		if kind == "keyd" {
			must(t, a.store.Passwords().Remove(t.Context(), e.who, user.Host().Event(federation.LinkMade, a.now(), e.who)))
		}
	}
	a.unverified(t, "newb@mail.org")
	gone := a.person(t, "offf@mail.org")
	must(t, a.Directory.Disable(t.Context(), user.Host(), gone.ID, "en"))
	kinds = append(kinds, "newb", "offf")

	flow := secret.New(challenge.Purpose).Reveal()
	post := func(t *testing.T, path string, body map[string]any) answer {
		p := &program{world: a.world}
		return p.ask(t, "POST", path, body)
	}
	one := func(path string, body func(email string) map[string]any) func(t *testing.T, email string) []answer {
		return func(t *testing.T, email string) []answer { return []answer{post(t, path, body(email))} }
	}
	then := func(path string, body map[string]any, path2 string, body2 map[string]any) func(t *testing.T, email string) []answer {
		return func(t *testing.T, email string) []answer {
			named := maps.Clone(body)
			named["identifier"] = email
			first := post(t, path, named)
			second := maps.Clone(body2)
			if second["identifier"] != nil {
				second["identifier"] = email
			}
			second["flow"] = first.text("flow")
			return []answer{first, post(t, path2, second)}
		}
	}
	type fields = map[string]any
	page := func(path, to string, more ...string) func(t *testing.T, email string) []answer {
		return func(t *testing.T, email string) []answer {
			b := a.tab(t)
			first := b.submit(to, b.get(path), append([]string{"identifier", email, "email", email}, more...)...)
			all := []answer{first}
			if first.Code == http.StatusSeeOther {
				next := first.to(t).Path
				shown := b.get(next)
				all = append(all, shown)
				if strings.Contains(shown.Body.String(), `name="code"`) {
					all = append(all, b.submit(next, shown, "flow", hidden(t, shown, "flow"), "code", "00000000"))
				}
			}
			return all
		}
	}
	for name, act := range map[string]func(t *testing.T, email string) []answer{
		"password":           one("/signin", func(e string) fields { return fields{"identifier": e, "password": "not the passphrase"} }),
		"password, no scent": one("/signin", func(e string) fields { return fields{"identifier": e} }),
		"mailed code":        then("/signin", fields{"method": "email_code"}, "/signin", fields{"identifier": "", "method": "email_code", "code": "00000000"}),
		"an app's code":      one("/signin", func(e string) fields { return fields{"identifier": e, "otp": "123456"} }),
		"an app, in a flow":  one("/signin", func(e string) fields { return fields{"identifier": e, "flow": flow, "otp": "123456"} }),
		"recovery code": one("/signin", func(e string) fields {
			return fields{"identifier": e, "flow": flow, "recovery_code": "7K3M-9QWX-1ZB4-T8VD"}
		}),
		"phone":     one("/signin/phone", func(string) fields { return fields{"flow": flow} }),
		"enrolment": one("/signin/enroll", func(string) fields { return fields{"flow": flow, "method": "passkey"} }),
		"remembered": one("/signin", func(e string) fields {
			return fields{"identifier": e, "password": "not the passphrase", "trusted_device": secret.New("trust").Reveal()}
		}),
		"reset":         then("/recover", fields{}, "/recover", fields{"code": "00000000", "new_password": otherPassword}),
		"lost":          then("/recover", fields{}, "/recover/lost", fields{"code": "00000000"}),
		"sign-up":       one("/signup", func(e string) fields { return fields{"email": e, "name": "Same", "password": otherPassword} }),
		"sign-up, key":  one("/signup", func(e string) fields { return fields{"email": e, "name": "Same", "with": "passkey"} }),
		"page, login":   page("/login", "/login", "password", "not the passphrase"),
		"page, mail":    page("/login", "/login/mail", "password", ""),
		"page, recover": page("/recover", "/recover"),
		"page, sign-up": page("/signup", "/signup", "display-name", "Same", "new-password", otherPassword),
	} {
		t.Run(name, func(t *testing.T) {
			faces := map[string][]string{}
			for _, kind := range kinds {
				a.clock.Advance(2 * time.Hour) // what failed before is long ago
				for _, got := range act(t, kind+"@mail.org") {
					faces[kind] = append(faces[kind], got.face())
				}
			}
			for _, kind := range kinds {
				if !slices.Equal(faces[kind], faces["none"]) {
					t.Errorf("%s is told from nobody:\n%s\n---\n%s", kind, strings.Join(faces[kind], "\n"), strings.Join(faces["none"], "\n"))
				}
			}
		})
	}
}
