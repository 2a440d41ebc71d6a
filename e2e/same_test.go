package e2e

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// known are addresses that differ in what the server knows about them.
func known(t *testing.T, p *process) map[string]string {
	t.Helper()
	for who, act := range map[string]string{"ben@example.test": "disable"} {
		if code, _, errs := p.command("users", act, who, "--data", p.ready.Data); code != 0 {
			t.Fatalf("users %s: %d %s", act, code, errs)
		}
	}
	return map[string]string{
		"verified": "ada@example.test", "suspended": "ben@example.test", "unverified": "cleo@example.test",
		"unknown": "zoe@example.test",
	}
}

var random = regexp.MustCompile(`[0-9a-f]{24,}|[A-Za-z0-9_-]{40,}|req_[0-9a-f]+|[A-Z2-9]{3}-[A-Z2-9]{3}|[a-z]{3,4}@example\.test`)

// face is what a stranger can tell answers apart by.
func face(s sheet) string {
	names := slices.Sorted(maps.Keys(s.header))
	body := random.ReplaceAllString(string(s.body), "…")
	var cookies []string
	for _, line := range s.header.Values("Set-Cookie") {
		cookies = append(cookies, random.ReplaceAllString(line, "…"))
	}
	slices.Sort(cookies)
	return strings.Join([]string{
		http.StatusText(s.status), strings.Join(names, " "), s.header.Get("Location"), strings.Join(cookies, "\n"), body,
	}, "\n")
}

// TestStrangersLearnNothing: whatever an address is to the server, sign-in,
// sign-up and recovery answer the same: status, headers, cookies, words. PW-30
func TestStrangersLearnNothing(t *testing.T) {
	t.Parallel()
	p := dev(t, "--data", folder(t)+"/data")
	addresses := known(t, p)
	ask := map[string]func(*visitor, string) sheet{
		"POST /login": func(v *visitor, email string) sheet {
			return v.submit(v.get("/login"), "/login", "identifier", email, "password", "not the password at all")
		},
		"POST /signup": func(v *visitor, email string) sheet {
			return v.submit(v.get("/signup"), "/signup", "display-name", "Same", "email", email, "new-password", ownPassword)
		},
		"GET /verify": func(v *visitor, email string) sheet {
			v.submit(v.get("/signup"), "/signup", "display-name", "Same", "email", email, "new-password", ownPassword)
			return v.get("/verify")
		},
		"POST /recover": func(v *visitor, email string) sheet {
			return v.submit(v.get("/recover"), "/recover", "identifier", email)
		},
		"POST /recover/code": func(v *visitor, email string) sheet {
			v.submit(v.get("/recover"), "/recover", "identifier", email)
			return v.submit(v.get("/recover/code"), "/recover/code", "code", "12345678")
		},
		"POST /api/v1/signin": func(v *visitor, email string) sheet {
			return v.json("/api/v1/signin", `{"identifier":"`+email+`","password":"not the password at all"}`)
		},
		"POST /api/v1/signup": func(v *visitor, email string) sheet {
			return v.json("/api/v1/signup", `{"email":"`+email+`","name":"Same","password":"`+ownPassword+`"}`)
		},
		"POST /api/v1/recover": func(v *visitor, email string) sheet {
			return v.json("/api/v1/recover", `{"identifier":"`+email+`"}`)
		},
	}
	for name, act := range ask {
		faces := map[string]string{}
		for kind, email := range addresses {
			v := visit(t, p.url(), nil)
			v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			faces[kind] = face(act(v, email))
		}
		for kind, got := range faces {
			if want := faces["unknown"]; got != want {
				t.Errorf("%s tells a %s address from an unknown one:\n%s\n---\n%s", name, kind, got, want)
			}
		}
	}
	p.stopped()
}

func (v *visitor) json(path, body string) sheet {
	v.t.Helper()
	s, err := v.try(http.MethodPost, path, "application/json", []byte(body))
	must(v.t, err)
	return s
}
