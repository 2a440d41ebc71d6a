package authorize

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// journey is one request as the model sees it.
type journey struct {
	browser  int
	client   string
	redirect string
	begun    time.Time
	login    bool // prompt=login
	consent  bool // prompt=consent
	handle   string
	over     bool
}

// OA-4 OA-15 OA-22 OA-24 OA-93 OA-94: whatever is done in whatever order, a code is
// only ever born for whoever is signed in, in the browser that began, to the very
// client and address, proven again where that was asked, agreed to where that is
// due, and once for each request.
func TestNoCodeWithoutItsReasons(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(nil)
		people := []user.ID{user.NewID(r.now), user.NewID(r.now.Add(time.Second))}
		browsers := []Visit{{Browser: secret.New(authreq.BrowserPurpose).Reveal()}, {Browser: secret.New(authreq.BrowserPurpose).Reveal()}}
		agreed := map[string]bool{} // person and client
		var all []*journey
		pick := func(t *rapid.T) (*journey, int) {
			if len(all) == 0 {
				return nil, 0
			}
			j := rapid.SampledFrom(all[max(0, len(all)-3):]).Draw(t, "journey")
			if rapid.IntRange(0, 4).Draw(t, "astray") == 4 {
				return j, 1 - j.browser
			}
			return j, j.browser
		}
		// born checks a response that carries a code, given by the browser b.
		born := func(t *rapid.T, j *journey, b int, a Response, approved bool) {
			i := slices.IndexFunc(a.Params, func(p [2]string) bool { return p[0] == "code" })
			if i < 0 {
				return
			}
			who, code := browsers[b].Who, r.codes[len(r.codes)-1]
			switch {
			case who == nil:
				t.Fatal("a code for nobody")
			case code.User != who.User || code.Client != j.client || code.RedirectURI != j.redirect || a.To != j.redirect || code.Challenge != challenge:
				t.Fatalf("a code of %+v for %+v", code, j)
			case b != j.browser:
				t.Fatal("a code for another browser's request")
			case j.over:
				t.Fatal("a second code of one request")
			case j.login && code.AuthTime.Before(j.begun):
				t.Fatal("a code without a new proof")
			case j.client != "house" && !approved && (j.client != "rp" || j.consent || !agreed[who.User.String()+j.client]):
				t.Fatal("a code without consent")
			}
			if approved {
				agreed[who.User.String()+j.client] = true
			}
			j.over = true
		}
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				j := &journey{
					browser: rapid.IntRange(0, 1).Draw(t, "browser"), client: rapid.SampledFrom([]string{"house", "house", "rp", "rp", "rp", "dyn", "phone", "ghost"}).Draw(t, "client"),
					redirect: rapid.SampledFrom([]string{callback, callback, callback, callback, "http://127.0.0.1:8/cb", "https://evil.example/cb", callback + "/"}).Draw(t, "redirect"), begun: r.now,
				}
				if j.client == "phone" && j.redirect == callback {
					j.redirect = "http://127.0.0.1:8/cb"
				}
				p := wanting(j.client, j.redirect)
				prompt := rapid.SampledFrom([]string{"", "none", "login", "login", "consent", "consent", "select_account", "create"}).Draw(t, "prompt")
				if j.login, j.consent = prompt == "login", prompt == "consent"; prompt != "" {
					p["prompt"] = []string{prompt}
				}
				s, err := r.Begin(t.Context(), p, browsers[j.browser])
				right := j.redirect == callback && slices.Contains([]string{"house", "rp", "dyn"}, j.client) || j.client == "phone" && j.redirect == "http://127.0.0.1:8/cb"
				if refusal, ok := RefusalOf(err); !right && (err == nil || ok) || ok && refusal.Response.To != j.redirect {
					t.Fatalf("%+v: %+v, %v", j, s, err)
				}
				if err != nil {
					return
				}
				if s.Kind != Done {
					j.handle = s.Handle
					all = append(all, j)
					return
				}
				born(t, j, j.browser, s.Response, false)
			},
			"next": func(t *rapid.T) {
				j, b := pick(t)
				if j == nil {
					return
				}
				s, err := r.Next(t.Context(), j.handle, browsers[b])
				if _, told := RefusalOf(err); told {
					j.over = true
				}
				if err == nil && s.Kind == Done {
					born(t, j, b, s.Response, false)
				}
			},
			"approve": func(t *rapid.T) {
				j, b := pick(t)
				if j == nil {
					return
				}
				if a, err := r.Approve(t.Context(), j.handle, browsers[b], Choice{}); err == nil {
					born(t, j, b, a, true)
				}
			},
			"deny": func(t *rapid.T) {
				j, b := pick(t)
				if j == nil {
					return
				}
				if _, err := r.Deny(t.Context(), j.handle, browsers[b]); err == nil {
					if j.over || b != j.browser {
						t.Fatal("denied what is over, or another's")
					}
					j.over = true
				}
			},
			"sign in": func(t *rapid.T) {
				browsers[rapid.IntRange(0, 1).Draw(t, "browser")].Who = r.signIn(rapid.SampledFrom(people).Draw(t, "person"))
			},
			"session ends": func(t *rapid.T) {
				who := browsers[rapid.IntRange(0, 1).Draw(t, "browser")].Who
				if who == nil {
					return
				}
				s := r.sessions[who.Session]
				s.EndedAt = r.now
				r.sessions[who.Session] = s
			},
			"sign out": func(t *rapid.T) { browsers[rapid.IntRange(0, 1).Draw(t, "browser")].Who = nil },
			"time": func(t *rapid.T) {
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 15).Draw(t, "minutes")) * time.Minute)
			},
			"": func(t *rapid.T) {
				for _, c := range r.codes {
					if s := r.sessions[session.ID(c.Session)]; s.User != c.User {
						t.Fatal("a code without its session")
					}
				}
			},
		})
	})
}
