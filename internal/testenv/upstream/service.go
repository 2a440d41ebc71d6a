package upstream

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Kind is whose answers a Service gives: the type of a connection.
type Kind string

// The kinds.
const (
	OIDC      Kind = "oidc"
	Google    Kind = "google"
	Microsoft Kind = "microsoft"
	Apple     Kind = "apple"
	GitLab    Kind = "gitlab"
	GitHub    Kind = "github"
	OAuth2    Kind = "oauth2"
)

// What every service knows the client by.
const (
	ClientID = "client-of-the-tests"
	Secret   = "s3cret/of+the=tests"
	TeamID   = "TEAM123456" // Apple
	KeyID    = "KEY1234567" // Apple
	Tenant   = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

// Person is who signs in.
type Person struct {
	Subject                string // digits for GitHub
	Email                  string
	Verified               bool
	Name, Given, Family    string
	Groups                 []string
	HostedDomain           string // Google
	Tenant                 string // Microsoft; empty: Tenant
	DomainVerified         bool   // Microsoft: xms_edov
	PrivateEmail, FirstRun bool   // Apple: is_private_email; the form has the name
	OtherEmails            []string
}

// Ada is who signs in unless somebody else is to.
var Ada = Person{Subject: "10769150350006150715", Email: "ada@example.org", Verified: true, Name: "Ada Lovelace", Given: "Ada", Family: "Lovelace"}

// Service is one running server. It is safe for concurrent use.
type Service struct {
	URL  string
	Kind Kind
	Now  func() time.Time // set before the first use

	mu      sync.Mutex
	person  Person
	faults  map[Fault]bool
	more    map[string]any // claims, instead of the usual ones
	inToken map[string]any
	codes   map[string]grant
	refresh map[string]string // refresh token to subject
	access  map[string]Person
	revoked []string
	asked   map[string]int
	last    url.Values
	keys    keys
	limited string
	nonces  []string
}

// grant is a code that was handed out.
type grant struct {
	person    Person
	nonce     string
	callback  string
	challenge string
	scope     string
	authTime  bool
}

// Start runs a service until the test ends.
func Start(t testing.TB, kind Kind) *Service {
	t.Helper()
	s := &Service{
		Kind: kind, Now: time.Now, person: Ada, faults: map[Fault]bool{}, codes: map[string]grant{}, refresh: map[string]string{},
		access: map[string]Person{}, asked: map[string]int{}, keys: newKeys(kind),
	}
	server := httptest.NewUnstartedServer(s.handler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Issuer is what a connection with the service has as issuer.
func (s *Service) Issuer() string {
	if s.Kind == Microsoft {
		return s.URL + "/common/v2.0"
	}
	return s.URL
}

// Host is host:port, as an allow list of outbound requests wants it.
func (s *Service) Host() string { return strings.TrimPrefix(s.URL, "https://") }

// Be says who signs in from now on.
func (s *Service) Be(p Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.person = p
}

// Say has claims of ID tokens and UserInfo be other than usual; nil leaves one out.
func (s *Service) Say(claims map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more = claims
}

// SayInToken is Say for ID tokens alone.
func (s *Service) SayInToken(claims map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inToken = claims
}

// LimitKey has the key set say that the key is for one issuer only, as Microsoft's do.
func (s *Service) LimitKey(issuer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limited = issuer
}

// Asked is how often a path was asked for.
func (s *Service) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// Last are the parameters of the last authorization request.
func (s *Service) Last() url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Revoked are the tokens that were given back.
func (s *Service) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revoked
}

func (s *Service) handler() http.Handler {
	mux := http.NewServeMux()
	p := paths[s.Kind]
	for path, h := range map[string]http.HandlerFunc{
		p.discovery: s.discovery, p.authorize: s.authorize, p.token: s.token, p.userInfo: s.userInfo,
		p.keys: s.keySet, p.emails: s.emails, p.revoke: s.revoke, p.logout: s.loggedOut,
	} {
		if path != "" {
			mux.HandleFunc(path, h)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		s.mu.Unlock()
		switch {
		case s.has(Down):
			http.Error(w, "upstream connect error", http.StatusServiceUnavailable)
		case s.has(Nonsense):
			_, _ = w.Write([]byte("<!doctype html><title>Maintenance</title>"))
		case s.has(Redirects):
			http.Redirect(w, r, "https://localhost"+s.URL[strings.LastIndexByte(s.URL, ':'):]+"/elsewhere", http.StatusFound)
		case s.has(Huge):
			_, _ = w.Write([]byte(`{"x":"` + strings.Repeat("x", 1<<20) + `"}`))
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

func (s *Service) has(f Fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults[f]
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
