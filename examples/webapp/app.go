package main

import (
	"context"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type app struct {
	issuer, origin, endSession string
	oauth                      oauth2.Config
	ids                        *oidc.IDTokenVerifier

	mu       sync.Mutex
	sessions map[string]session // by the value of the cookie
}

// session is somebody who is signed in here.
type session struct {
	Name, Email string
	sid         string // the session at Mortise
	token       string // its ID token, the hint for signing out
}

// connect reads the metadata of the issuer for the app at origin.
func connect(ctx context.Context, issuer, origin string) (*app, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	return &app{
		issuer: issuer, origin: origin, endSession: more.EndSession,
		oauth: oauth2.Config{
			ClientID: "webapp", ClientSecret: "not-a-real-secret-0123456789abcdef",
			Endpoint: provider.Endpoint(), RedirectURL: origin + "/callback", Scopes: []string{"openid", "profile", "email"},
		},
		ids:      provider.Verifier(&oidc.Config{ClientID: "webapp"}),
		sessions: map[string]session{},
	}, nil
}

func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /signin", a.signIn)
	mux.HandleFunc("GET /callback", a.callback)
	mux.HandleFunc("POST /signout", a.signOut)
	mux.HandleFunc("POST /backchannel", a.backchannel)
	own := http.NewCrossOriginProtection() // other sites must not sign people out
	return own.Handler(mux)
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Woodshop</title><link rel="icon" href="data:,">
<h1>Woodshop</h1>{{with .}}<p>Hello, {{.Name}} ({{.Email}})!</p>
<form method="post" action="/signout"><button id="signout">Sign out</button></form>
{{else}}<p><a id="signin" href="/signin">Sign in</a></p>{{end}}`))

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if s, ok := a.session(r); ok {
		_ = page.Execute(w, s)
		return
	}
	_ = page.Execute(w, nil)
}

// signIn leaves for Mortise. What the answer must fit to waits in a cookie, so that
// another browser's answer is worth nothing here.
func (a *app) signIn(w http.ResponseWriter, r *http.Request) {
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	a.cookie(w, "signin", strings.Join([]string{state, nonce, verifier}, "."), 600)
	http.Redirect(w, r, a.oauth.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	begun, err := r.Cookie("signin")
	if err != nil {
		http.Error(w, "this browser began no sign-in", http.StatusBadRequest)
		return
	}
	a.cookie(w, "signin", "", -1)
	part := strings.Split(begun.Value, ".")
	// RFC 9207: an answer of another issuer may be meant to get the code of this one.
	if len(part) != 3 || r.FormValue("state") != part[0] || r.FormValue("iss") != a.issuer {
		http.Error(w, "this is not the answer to that sign-in", http.StatusBadRequest)
		return
	}
	if problem := r.FormValue("error"); problem != "" {
		http.Error(w, problem+": "+r.FormValue("error_description"), http.StatusForbidden)
		return
	}
	s, err := a.redeem(r.Context(), r.FormValue("code"), part[1], part[2])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	key := rand.Text()
	a.mu.Lock()
	a.sessions[key] = s
	a.mu.Unlock()
	a.cookie(w, "woodshop", key, 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signOut ends the session here and leads to Mortise, which ends its own and leads back.
func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	s, ok := a.session(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	a.end(func(other session) bool { return other.sid == s.sid })
	a.cookie(w, "woodshop", "", -1)
	query := url.Values{"id_token_hint": {s.token}, "post_logout_redirect_uri": {a.origin + "/"}}
	http.Redirect(w, r, a.endSession+"?"+query.Encode(), http.StatusSeeOther)
}

func (a *app) session(r *http.Request) (session, bool) {
	c, err := r.Cookie("woodshop")
	if err != nil {
		return session{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[c.Value]
	return s, ok
}

func (a *app) end(which func(session) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, s := range a.sessions {
		if which(s) {
			delete(a.sessions, key)
		}
	}
}

// cookie sets one of this browser's. Behind https its name begins with __Host- and it is Secure.
func (a *app) cookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
