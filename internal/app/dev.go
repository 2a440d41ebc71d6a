package app

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// DevPerson is somebody a browser may enter as in development.
type DevPerson struct{ Email, Name, Note string }

// demoPassword opens the demo people: no secret, and never in production, where
// a store of development is refused.
const demoPassword = "correct horse battery staple"

// demo is who lives in a development server that was given no file, and the
// program they use.
func demo() apply.File {
	person := func(email, name string, verified bool, roles []string, orgs ...apply.Membership) apply.User {
		return apply.User{Email: email, Name: name, Password: secret.NewText(demoPassword), EmailVerified: verified, Roles: roles, Organizations: orgs}
	}
	return apply.File{
		Organizations: []apply.Organization{{Slug: "acme", Name: "Acme", Domains: []string{"acme.test"}}},
		Clients:       []apply.Client{demoClient()},
		Users: []apply.User{
			person("ada@example.test", "Ada Lovelace", true, []string{"admin"}),
			person("ben@example.test", "Ben Ali", true, nil, apply.Membership{Slug: "acme"}),
			person("cleo@example.test", "Cleo Martin", false, nil),
		},
	}
}

// demoClient is the program of whoever tries Mortise: public, so that there is no
// secret to paste, and on the port that most of them start on.
func demoClient() apply.Client {
	scope, firstParty := "openid profile email offline_access", true
	return apply.Client{
		ClientID: "demo-web", Name: "Demo web app", AuthMethod: "none", GrantTypes: []string{"authorization_code", "refresh_token"},
		RedirectURIs: []string{"http://localhost:3000/callback"}, PostLogoutURIs: []string{"http://localhost:3000/"},
		Origins: []string{"http://localhost:3000"}, Scope: &scope, FirstParty: &firstParty,
	}
}

var demoNotes = map[string]string{
	"ada@example.test": "admin", "ben@example.test": "member of Acme", "cleo@example.test": "member, e-mail unverified",
}

// Seed fills a development store with the people of a file, or with the demo
// people, and returns who can be entered as. The services are connected beside.
func (a *App) Seed(ctx context.Context, want apply.File, services ...apply.Connection) ([]DevPerson, error) {
	if want.Empty() {
		want = demo()
	}
	for _, one := range services {
		named := func(c apply.Connection) bool { return c.ID == one.ID }
		if !slices.ContainsFunc(want.Connections, named) {
			want.Connections = append(want.Connections, one)
		}
	}
	result, err := a.Directory.Apply(ctx, user.Host(), want, false, true)
	if err != nil {
		return nil, err
	}
	for _, c := range result.Changes {
		if c.Error != nil {
			return nil, problem.ErrInternal.WithPublic("The file cannot be applied: %s %s: %s", c.Kind, c.Key, c.Error.Detail)
		}
	}
	a.entry = secret.Words(1).Reveal()
	a.passwords = make(map[string]secret.Text, len(want.Users))
	for _, u := range want.Users {
		if u.Password.IsZero() {
			continue
		}
		a.passwords[user.EmailKey(u.Email)] = u.Password
		note := demoNotes[u.Email]
		if note == "" {
			note = strings.Join(u.Roles, ", ")
		}
		a.people = append(a.people, DevPerson{Email: u.Email, Name: u.Name, Note: note})
	}
	return a.people, nil
}

// EntryCode is what a browser has to show once before it may enter as somebody
// (TH-29). It is printed on the terminal.
func (a *App) EntryCode() string { return a.entry }

// Enter signs in as a demo person, with the password their file gave them and
// through the ordinary pipeline: nothing here can make a session.
func (a *App) Enter(ctx context.Context, r signin.Request) (signin.Result, error) {
	known, ok := a.passwords[user.EmailKey(r.Identifier)]
	if !ok {
		return signin.Result{}, signin.ErrWrong
	}
	r.Response.Password = known
	return a.SignIn.SignIn(ctx, r)
}

// DevHandler serves a development instance: pages asked for under another
// loopback name than the public address go there, because cookies and passkeys
// belong to one name.
func (a *App) DevHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Host != a.c.url.Host && loopbackHost(r.Host) &&
			strings.Contains(r.Header.Get("Accept"), "text/html") {
			to := url.URL{Scheme: a.c.url.Scheme, Host: a.c.url.Host, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusTemporaryRedirect)
			return
		}
		a.handler.ServeHTTP(w, r)
	})
}

func loopbackHost(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return loopback(strings.Trim(name, "[]"))
}
