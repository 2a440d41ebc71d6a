package testidp

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/secret"
)

// Person is somebody who can be chosen. Email may be empty.
type Person struct {
	Subject    string
	Name       string
	GivenName  string
	FamilyName string
	Email      string
	Verified   bool // the provider says that it checked the address
	Locale     string
	Groups     []string
	Note       string // for whoever chooses
}

// Client is who may send people here.
type Client struct {
	ID     string
	Secret secret.Text
	// Redirects are where people may be sent back to, exactly.
	Redirects []string
}

// Options of a Provider. Slow may be zero.
type Options struct {
	Issuer string // with its path; the provider answers below that
	Now    func() time.Time
	Title  string // what the provider calls itself
	People []Person
	Client Client
	Slow   time.Duration // that the fault Slow takes; zero: 30 s, longer than anybody waits
}

// Provider is an OpenID provider. It is safe for concurrent use.
type Provider struct {
	o    Options
	mux  *http.ServeMux
	base string // path of the issuer

	mu     sync.Mutex
	people []Person
	fault  Fault
	key    jose.PrivateKey // published
	stale  jose.PrivateKey // not published
	codes  map[string]grant
	access map[string]grant
	nonce  string // of the answer before
}

// New makes a Provider.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.Issuer)
	if err != nil {
		return nil, err
	}
	if o.Slow == 0 {
		o.Slow = 30 * time.Second
	}
	p := &Provider{o: o, mux: http.NewServeMux(), base: strings.TrimSuffix(u.Path, "/"), people: o.People, codes: map[string]grant{}, access: map[string]grant{}}
	for _, to := range []*jose.PrivateKey{&p.key, &p.stale} {
		if *to, err = jose.Generate(jose.ES256); err != nil {
			return nil, err
		}
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /.well-known/openid-configuration": p.discovery,
		"GET /jwks":                             p.jwks,
		"GET /authorize":                        p.choose,
		"POST /authorize":                       p.chosen,
		"POST /token":                           p.token,
		"GET /userinfo":                         p.userinfo,
		"GET /logout":                           p.logout,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		p.mux.HandleFunc(method+" "+p.base+path, h)
	}
	return p, nil
}

// Issuer is who the provider is.
func (p *Provider) Issuer() string { return p.o.Issuer }

// Path is the path of the issuer: what the provider answers below.
func (p *Provider) Path() string { return p.base }

// ServeHTTP answers requests below the issuer's path.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.current() == Down {
		http.Error(w, "down, as was asked for", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	p.mux.ServeHTTP(w, r)
}

// Fail makes every answer from now on go wrong; with None they are right again. A
// fault that is chosen on the page goes before.
func (p *Provider) Fail(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Add lets one more person be chosen, or replaces the one with that subject.
func (p *Provider) Add(one Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := make([]Person, 0, len(p.people)+1)
	for _, other := range p.people {
		if other.Subject != one.Subject {
			next = append(next, other)
		}
	}
	p.people = append(next, one)
}

// Rotate replaces the published key: tokens of before are signed with an old one.
func (p *Provider) Rotate() error {
	fresh, err := jose.Generate(jose.ES256)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.stale = fresh, p.key
	return nil
}

func (p *Provider) current() Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

func (p *Provider) list() []Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.people
}
