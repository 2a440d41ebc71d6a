package app

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

const idpIssuer = "https://idp.example.net"

// there is a service that other people run: it says of a code what it was told to.
type there struct {
	mu     sync.Mutex
	says   map[string]federation.Statement // by code
	asked  []federation.Ask
	down   bool
	logout string

	fresh     map[string]federation.Tokens // by the refresh token they are given for
	refreshed int
	revoked   []string // access tokens
}

func (s *there) Begin(_ context.Context, c federation.Connection, a federation.Ask) (string, federation.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return "", federation.Kept{}, federation.ErrUpstream
	}
	s.asked = append(s.asked, a)
	q := url.Values{"state": {a.State}, "redirect_uri": {a.Callback}, "login_hint": {a.LoginHint}}
	return idpIssuer + "/authorize?" + q.Encode(), federation.Kept{Issuer: idpIssuer, Nonce: c.Name, Callback: a.Callback, MaxAge: a.MaxAge}, nil
}

func (s *there) Finish(_ context.Context, c federation.Connection, k federation.Kept, a federation.Answer) (federation.Statement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch said, known := s.says[a.Code]; {
	case a.Error != "":
		return federation.Statement{}, federation.ErrRefused
	case s.down:
		return federation.Statement{}, federation.ErrUpstream
	case !known || k.Nonce != c.Name:
		return federation.Statement{}, federation.ErrStatement
	default:
		return said, nil
	}
}

func (s *there) Refresh(_ context.Context, _ federation.Connection, t federation.Tokens) (federation.Tokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refreshed++
	switch {
	case s.down:
		return federation.Tokens{}, federation.ErrUpstream
	case s.fresh == nil || s.fresh[t.Refresh.Reveal()] == (federation.Tokens{}):
		return federation.Tokens{}, federation.ErrRefused
	}
	fresh := s.fresh[t.Refresh.Reveal()]
	delete(s.fresh, t.Refresh.Reveal()) // it rotates
	return fresh, nil
}

func (s *there) Revoke(_ context.Context, _ federation.Connection, t federation.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, t.Access.Reveal())
	if s.down {
		return federation.ErrUpstream
	}
	return nil
}

func (s *there) Logout(_ context.Context, _ federation.Connection, l federation.Leave) (string, error) {
	if s.logout == "" {
		return "", nil
	}
	return s.logout + "?" + url.Values{"post_logout_redirect_uri": {l.Return}, "state": {l.State}}.Encode(), nil
}

func (s *there) Ended(_ context.Context, _ federation.Connection, token string) (e federation.Ended, err error) {
	if json.Unmarshal([]byte(token), &e) != nil {
		return e, federation.ErrStatement
	}
	return e, nil
}

// says makes what a code stands for: a person with pairs of claims.
func (s *there) person(code, subject string, claims ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := federation.Statement{Issuer: idpIssuer, Subject: subject, Claims: map[string]any{"sub": subject}}
	for i := 0; i < len(claims); i += 2 {
		switch claims[i] {
		case "sid":
			said.Session = claims[i+1]
		case "acr":
			said.ACR = claims[i+1]
		case "groups":
			var list []any
			for _, g := range strings.Fields(claims[i+1]) {
				list = append(list, g)
			}
			said.Claims["groups"] = list
		case "email":
			said.Claims["email"], said.Claims["email_verified"] = claims[i+1], true
		case "unverified":
			said.Claims["email"], said.Claims["email_verified"] = claims[i+1], false
		default:
			said.Claims[claims[i]] = claims[i+1]
		}
	}
	s.says[code] = said
}

func (s *there) change(code string, fn func(*federation.Statement)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	said := s.says[code]
	fn(&said)
	s.says[code] = said
}

func (s *there) lastAsk() federation.Ask {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// abroad is a world with connections acme and beta to a service.
type abroad struct {
	*world
	idp *there
}

func newAbroad(t *testing.T, change ...func(*Config)) *abroad {
	t.Helper()
	idp := &there{says: map[string]federation.Statement{}}
	r := newRig(t, append(change, func(c *Config) { c.Protocol = idp })...)
	a := &abroad{r.running(t).begun(t).world(t).codeClients(t), idp}
	a.connect(t, "acme", nil)
	a.connect(t, "beta", nil)
	return a
}

func (a *abroad) connect(t *testing.T, name string, change func(*federation.Connection)) federation.Connection {
	t.Helper()
	c := federation.Connection{
		ID: federation.NewID(a.now()), Name: name, Label: strings.ToUpper(name[:1]) + name[1:], Kind: federation.OIDC, Enabled: true, Version: 1,
		Settings:  federation.Settings{ClientID: "ours", Issuer: idpIssuer, Trust: []string{"mail.org"}},
		CreatedAt: a.now(), UpdatedAt: a.now(),
	}
	if change != nil {
		change(&c)
	}
	must(t, a.store.Federation().Create(t.Context(), c, user.System().Event(federation.Created, a.now(), user.ID{})))
	return c
}

func (a *abroad) connection(t *testing.T, name string) federation.Connection {
	t.Helper()
	c, err := a.store.Federation().ByName(t.Context(), name)
	must(t, err)
	return c
}

func (a *abroad) alter(t *testing.T, name string, change func(*federation.Connection)) {
	t.Helper()
	c := a.connection(t, name)
	change(&c)
	must(t, a.store.Federation().Update(t.Context(), c, user.System().Event(federation.Updated, a.now(), user.ID{})))
}

// away goes to a service, and is the state that it was sent with.
func (b *tab) away(path string) (state string) {
	b.t.Helper()
	u := b.get(path).to(b.t)
	if u.Host != "idp.example.net" {
		b.t.Fatalf("leads to %s", u)
	}
	return u.Query().Get("state")
}

// home comes back from a service with a code.
func (b *tab) home(connection, state, code string) answer {
	b.t.Helper()
	b.clock.Advance(time.Second)
	return b.get("/federation/" + connection + "/callback?" + url.Values{"state": {state}, "code": {code}}.Encode())
}

// by signs in by a service, from the sign-in page.
func (b *tab) by(connection, code string) answer {
	b.t.Helper()
	return b.home(connection, b.away("/federation/"+connection+"/start"), code)
}

// account is who is signed in.
func (b *tab) account() string {
	b.t.Helper()
	a := b.get("/api/v1/session")
	if a.Code != 200 {
		return ""
	}
	u, _ := a.json["user"].(map[string]any)
	id, _ := u["id"].(string)
	return id
}

func (a *abroad) links(t *testing.T, account string) []federation.Link {
	t.Helper()
	id, err := user.ParseID(account)
	must(t, err)
	all, err := a.store.Federation().LinksOf(t.Context(), id)
	must(t, err)
	return all
}

func (a answer) says(t *testing.T, status int, text string) answer {
	t.Helper()
	if a.Code != status || !strings.Contains(a.Body.String(), text) {
		body := a.Body.String()
		if i := strings.Index(body, "<main"); i > 0 {
			body = body[i:]
		}
		t.Fatalf("%d, want %d and %q: %s %.900s", a.Code, status, text, a.Header().Get("Location"), body)
	}
	return a
}

// count is how many accounts there are.
func count(t *testing.T, st store.Store) int64 {
	t.Helper()
	n, err := st.Users().Count(t.Context(), user.Query{})
	must(t, err)
	return n
}

func (b *tab) mustBe(account string) {
	b.t.Helper()
	if got := b.account(); got != account {
		b.t.Fatalf("signed in as %q, want %q", got, account)
	}
}

// written is how many events there are.
func (a *abroad) written(t *testing.T) int {
	t.Helper()
	all, err := a.store.Audit().Search(t.Context(), audit.Query{Limit: 200})
	must(t, err)
	return len(all)
}
