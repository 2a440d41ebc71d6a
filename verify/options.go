package verify

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

// Faults that New reports, joined when there are several. Test with errors.Is.
var (
	ErrNoAudience = errors.New("verify: Audience is required: the identifier of this service at the issuer")
	ErrNoFeed     = errors.New("verify: no revocation feed: give Credentials and an issuer that has one, or say InsecureWithoutRevocation")
	ErrOption     = errors.New("verify: bad option")
	ErrMetadata   = errors.New("verify: the issuer's metadata cannot be used")
)

// Endpoints are addresses at the issuer, for issuers without metadata.
type Endpoints struct {
	JWKS           string // keys that tokens are signed with
	Introspection  string // RFC 7662; may be empty
	Revocations    string // Mortise's revocation feed; may be empty
	RevocationKeys string // keys the feed is signed with
}

// Option configures a Verifier.
type Option func(*settings)

type settings struct {
	audience   string
	id, secret string
	client     *http.Client
	staleness  time.Duration
	leeway     time.Duration
	log        *slog.Logger
	now        func() time.Time
	algorithms []string
	endpoints  *Endpoints
	rate       float64

	public   string // scheme and host of this service; empty: as each request says
	nonces   bool   // every proof needs one
	metadata string // address of our RFC 9728 document; empty: there is none

	documented bool

	withoutRevocation bool
	acceptStale       bool
	gateway           bool
	peers             []netip.Prefix

	faults []error
}

// Defaults and bounds of options.
const (
	defaultStaleness = 5 * time.Second
	minStaleness     = 2 * time.Second // below it the one-second heartbeat is no margin
	maxStaleness     = 5 * time.Minute
	defaultLeeway    = 10 * time.Second
	minLeeway        = time.Second
	maxLeeway        = time.Minute
	defaultRate      = 50
	maxRate          = 10_000
)

func newSettings(opts []Option) (*settings, error) {
	s := &settings{
		staleness: defaultStaleness, leeway: defaultLeeway, rate: defaultRate, now: time.Now, log: slog.Default(),
		algorithms: []string{"EdDSA", "ES256", "PS256", "RS256"},
	}
	for _, o := range opts {
		o(s)
	}
	s.check(s.audience != "", ErrNoAudience)
	s.check((s.id == "") == (s.secret == ""), fmt.Errorf("%w: Credentials need both an id and a secret", ErrOption))
	s.bounds("Staleness", s.staleness, minStaleness, maxStaleness)
	s.bounds("Leeway", s.leeway, minLeeway, maxLeeway)
	s.checkAddresses()
	s.check(s.rate >= 0 && s.rate <= maxRate, fmt.Errorf("%w: Introspect takes 0 to %d per second", ErrOption, maxRate))
	s.check(!s.gateway || len(s.peers) == 0, fmt.Errorf("%w: FromGateway and InsecureTrustHeaders exclude each other", ErrOption))
	return s, errors.Join(s.faults...)
}

func (s *settings) check(ok bool, fault error) {
	if !ok {
		s.faults = append(s.faults, fault)
	}
}

func (s *settings) bounds(name string, d, low, high time.Duration) {
	s.check(d >= low && d <= high, fmt.Errorf("%w: %s is %v, must be %v to %v", ErrOption, name, d, low, high))
}

// Audience is the identifier of this service at the issuer: the value of aud in
// tokens meant for it. Required.
func Audience(identifier string) Option { return func(s *settings) { s.audience = identifier } }

// Credentials are the client id and secret of this service at the issuer. With
// them it may follow the revocation feed of its audience and introspect.
func Credentials(clientID, secret string) Option {
	return func(s *settings) { s.id, s.secret = clientID, secret }
}

// HTTPClient is what the issuer is asked with. Its redirect policy and cookie jar
// are not used. A request of the feed takes up to three seconds, a first snapshot
// longer: a Timeout on the client must allow for that.
func HTTPClient(c *http.Client) Option { return func(s *settings) { s.client = c } }

// Staleness is how old the proof may be that nothing was revoked meanwhile; beyond
// it tokens are introspected or answered 503. 2 s to 5 min, default 5 s.
func Staleness(d time.Duration) Option { return func(s *settings) { s.staleness = d } }

// Leeway is how far clocks may be apart. 1 s to 60 s, default 10 s.
func Leeway(d time.Duration) Option { return func(s *settings) { s.leeway = d } }

// Logger is told when the state changes, never about single requests. Default
// slog.Default().
func Logger(l *slog.Logger) Option {
	return func(s *settings) {
		s.check(l != nil, fmt.Errorf("%w: Logger is nil", ErrOption))
		s.log = l
	}
}

// Now is the clock; default time.Now.
func Now(now func() time.Time) Option {
	return func(s *settings) {
		s.check(now != nil, fmt.Errorf("%w: Now is nil", ErrOption))
		s.now = now
	}
}

// Algorithms are the signature algorithms that count, of EdDSA, ES256, PS256 and
// RS256, which are all by default.
func Algorithms(names ...string) Option {
	return func(s *settings) {
		for _, n := range names {
			s.check(slices.Contains([]string{"EdDSA", "ES256", "PS256", "RS256"}, n), fmt.Errorf("%w: algorithm %q", ErrOption, n))
		}
		s.check(len(names) > 0, fmt.Errorf("%w: Algorithms needs one", ErrOption))
		s.algorithms = slices.Clone(names)
	}
}

// At names the issuer's addresses instead of reading its metadata.
func At(e Endpoints) Option { return func(s *settings) { s.endpoints = &e } }

// Introspect caps how often a second the issuer is asked about single tokens
// (default 50): opaque ones, and every one while there is no proof of freshness.
// 0 never asks.
func Introspect(perSecond float64) Option { return func(s *settings) { s.rate = perSecond } }

// InsecureWithoutRevocation accepts every token until it expires: for issuers that
// have no revocation feed. A token that was taken back keeps working that long.
func InsecureWithoutRevocation() Option { return func(s *settings) { s.withoutRevocation = true } }

// InsecureAcceptStale accepts tokens on the last known state when the feed has
// been silent for longer than Staleness, once there was a first snapshot. A token
// that was revoked meanwhile keeps working until the feed is back.
func InsecureAcceptStale() Option { return func(s *settings) { s.acceptStale = true } }

// FromGateway takes identity only from the Mortise-Identity header that the
// forward-auth gateway signs for this upstream (Audience). Authorization headers
// and plain identity headers are not looked at.
func FromGateway() Option { return func(s *settings) { s.gateway = true } }

// InsecureTrustHeaders takes identity from the plain headers Remote-User,
// Remote-Email, Remote-Name and Remote-Groups of requests whose direct peer is in
// one of the networks. Whoever can connect from there is whoever they say.
func InsecureTrustHeaders(peers ...netip.Prefix) Option {
	return func(s *settings) {
		s.check(len(peers) > 0, fmt.Errorf("%w: InsecureTrustHeaders needs a network", ErrOption))
		for _, p := range peers {
			s.check(p.IsValid(), fmt.Errorf("%w: InsecureTrustHeaders got an invalid network", ErrOption))
		}
		s.peers = slices.Clone(peers)
	}
}
