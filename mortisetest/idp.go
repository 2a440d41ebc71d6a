package mortisetest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testidp"
	"github.com/mortise-auth/mortise/internal/user"
)

// Protocol is what an IdP speaks.
type Protocol string

// OIDC is OpenID Connect.
const OIDC Protocol = "oidc"

// UpstreamPerson is somebody at an IdP. One without Subject has the address as such.
type UpstreamPerson = testidp.Person

// Fault is something that goes wrong at an IdP on demand.
type Fault = testidp.Fault

// The faults of an IdP.
const (
	NoFault         = testidp.None
	WrongAudience   = testidp.WrongAudience   // the ID token is for somebody else
	UpstreamIssuer  = testidp.WrongIssuer     // the answer says that it comes from somebody else
	OldKey          = testidp.OldKey          // signed with a key that is not published
	ExpiredIDToken  = testidp.Expired         // the ID token was good an hour ago
	ReplayedNonce   = testidp.Replayed        // the ID token belongs to another sign-in
	UnverifiedEmail = testidp.Unverified      // the address was not checked
	ChangedSubject  = testidp.NewSubject      // the same address, and another subject
	OtherUserInfo   = testidp.OtherUserInfo   // UserInfo is about somebody else
	UpstreamDown    = testidp.Down            // nothing but errors
	UpstreamAway    = testidp.TemporarilyAway // it says that it cannot right now
)

// IdP is somebody else's sign-in service, with a connection of the server to it. The
// server and its browsers reach it inside the test. Where the server opens a port
// (Listen) it opens one too, with the certificate of net/http/httptest, which a real
// browser is to be told to accept. It is safe for concurrent use.
type IdP struct { //nolint:staticcheck // as it is written everywhere else
	Connection string // its id at the server; its button is "continue-" and that
	Issuer     string

	provider *testidp.Provider
}

// IdP connects the server to a new provider of made-up people, which may vouch for
// every address.
func (s *Server) IdP(t testing.TB, p Protocol, opts ...IdPOption) *IdP { //nolint:staticcheck // see the type
	t.Helper()
	if p != OIDC {
		t.Fatalf("mortisetest: there is no IdP that speaks %q", p)
	}
	var w idpWish
	for _, opt := range opts {
		opt(&w)
	}
	n := s.upstream.next()
	i := &IdP{Connection: fmt.Sprintf("idp-%d", n), Issuer: fmt.Sprintf("https://idp-%d.example.net", n)}
	if s.listens {
		ts := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { i.provider.ServeHTTP(w, r) }))
		t.Cleanup(ts.Close)
		i.Issuer = ts.URL
	}
	text := secret.New("mortisetest").Reveal()
	var err error
	i.provider, err = testidp.New(testidp.Options{
		Issuer: i.Issuer, Now: s.now, Title: i.Connection,
		Client: testidp.Client{ID: "mortise", Secret: secret.NewText(text), Redirects: []string{s.URL(s.Path("/federation/" + i.Connection + "/callback"))}},
	})
	s.must(t, "make an IdP", err)
	s.upstream.add(i)
	label, trusted := "Test IdP", []string{"*"}
	if w.organization != "" {
		s.own(t, w)
		label, trusted = w.organization, w.domains
	}
	_, err = s.app.Directory.CreateConnection(t.Context(), user.Host(), apply.Connection{ID: i.Connection, ConnectionMembers: apply.ConnectionMembers{
		Organization: w.organization,
		Type:         "oidc", Label: &label, Issuer: &i.Issuer, ClientID: "mortise", Secret: secret.NewText(text), Trust: trusted,
	}})
	s.must(t, "connect an IdP", err)
	return i
}

// Person lets somebody be chosen at the IdP.
func (i *IdP) Person(p UpstreamPerson) {
	if p.Subject == "" {
		p.Subject = p.Email
	}
	i.provider.Add(p)
}

// Fail makes every answer go wrong until NoFault.
func (i *IdP) Fail(f Fault) { i.provider.Fail(f) }

// Rotate replaces the IdP's signing key.
func (i *IdP) Rotate(t testing.TB) {
	t.Helper()
	if err := i.provider.Rotate(); err != nil {
		t.Fatalf("mortisetest: rotate the key of an IdP: %v", err)
	}
}

// Choose is the visit of somebody at the IdP, from its page until they are back.
func (i *IdP) Choose(b *Browser, subject string) *Browser {
	b.t.Helper()
	return b.Tick("person-"+subject, true).Submit()
}

// LogoutToken tells that a person's sessions there are over, to be posted to the
// connection's backchannel-logout.
func (i *IdP) LogoutToken(t testing.TB, subject string) string {
	t.Helper()
	token, err := i.provider.LogoutToken(subject, "")
	if err != nil {
		t.Fatalf("mortisetest: make a logout token: %v", err)
	}
	return token
}

// upstream are the IdPs of a server, by host.
type upstream struct {
	mu   sync.Mutex
	made int
	all  map[string]*testidp.Provider
}

func (u *upstream) next() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made++
	return u.made
}

func (u *upstream) add(i *IdP) {
	at, _ := url.Parse(i.Issuer) // made by us
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[string]*testidp.Provider{}
	}
	u.all[at.Host] = i.provider
}

// handler is who answers for a host; nil: nobody.
func (u *upstream) handler(host string) http.Handler {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p, ok := u.all[host]; ok {
		return p
	}
	return nil
}

// before answers for the IdPs and lets everything else go out.
func (u *upstream) before(next oauth2.HTTP) oauth2.HTTP { return inside{u, next} }

type inside struct {
	upstream *upstream
	next     oauth2.HTTP
}

// Do implements oauth2.HTTP.
func (i inside) Do(ctx context.Context, q egress.Request) (egress.Response, error) {
	at, err := url.Parse(q.URL)
	if err != nil {
		return i.next.Do(ctx, q)
	}
	h := i.upstream.handler(at.Host)
	if h == nil {
		return i.next.Do(ctx, q)
	}
	if q.Method == "" {
		q.Method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(ctx, q.Method, q.URL, bytes.NewReader(q.Body))
	if err != nil {
		return egress.Response{}, err
	}
	if q.Header != nil {
		r.Header = q.Header
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return egress.Response{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}, nil
}
