package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/web"
)

var (
	// ErrNoURL: a server without a public address builds wrong links and trusts
	// wrong origins, and development is never inferred from its absence (TH-29).
	ErrNoURL = problem.New(problem.Invalid, "no_url", "The public address is missing. Set MORTISE_URL, or Config.URL, to something like https://id.example.org; for a try-out use mortise dev, or mortise.Dev.")
	// ErrBadURL: the public address is not one.
	ErrBadURL = problem.New(problem.Invalid, "bad_url", "The public address has the form https://id.example.org or https://example.org/auth, without query or fragment.")
	// ErrPlainURL: sessions over plain http can be stolen on the way (SE-16).
	ErrPlainURL = problem.New(problem.Invalid, "plain_url", "The public address uses plain http and is not on this machine. Use https, or allow it knowingly with http.insecure_plain.")
	// ErrNoSecretKey: nothing could be sealed.
	ErrNoSecretKey = problem.New(problem.Invalid, "no_secret_key", "The master key is missing. Set MORTISE_SECRET_KEY, or Config.SecretKey, to 32 random bytes in base64; mortise init writes one.")
)

// Config is what the root package and the command fill in.
type Config struct {
	URL           string
	SecretKey     string // one or more master keys, current first
	KMS           KMS    // holds the master key instead; SecretKey then only opens what it once sealed
	Signing       signing.Schedule
	Brand         string
	Log           *slog.Logger
	Now           func() time.Time
	Monotonic     func() time.Duration // beside Now, for a clock that tests move
	CookieSuffix  string
	Resource      string // the aud of tokens for the host's handlers; empty: the issuer
	TrustedProxy  []string
	EgressAllow   []string
	EgressRoots   *x509.CertPool // trusted beside no others; nil: the system's
	SMTP          string
	MailFrom      string      // name and address; empty: mortise@ and the host of URL
	Sender        mail.Sender // instead of SMTP
	NoSignUp      bool
	InsecurePlain bool
	Sessions      signin.Limits
	AdminFresh    time.Duration // how recent an administrator's sign-in must be to look; 0: 12 h
	AdminRecent   time.Duration // and to change anything; 0: 10 min
	Limits        []ratelimit.Limit
	LimitKeys     int // remembered for each limit; 0: ratelimit.DefaultKeys
	Passwords     Passwords
	Passkeys      Passkeys
	Phones        Phones
	EmailCodes    bool // people may sign in with a code or link by mail
	Registration  Registration
	Retention     Retention
	Dev           bool
	Contact       string // for security.txt: a mailto: or https: address
	Place         func(ip string) string
	Shared        Shared       // what replicas share that may be lost; nil: each counts by itself
	Tracer        trace.Tracer // nil: no traces
	Observers     Observers
	// Protocol speaks with other people's sign-in services; nil: what this module
	// brings for each kind.
	Protocol federation.Protocol
	// Outbound stands before what goes out to those services; nil: nothing does. The
	// test kit answers there for the services of a test.
	Outbound func(next oauth2.HTTP) oauth2.HTTP
	// Resolver looks for the records that verify domains; nil: the system's DNS.
	Resolver organization.Resolver
	Version  string
}

// Shared is what several processes share beside the store: see storage/redis. It
// is never the truth and may be away (TH-27).
type Shared interface {
	// Limits are the shared counters of one instance. It is called once.
	Limits(o ratelimit.SharedOptions) (ratelimit.Store, error)
	// Wake gets a token when another replica may have revoked something; Notify
	// wakes the others without waiting.
	Wake() <-chan struct{}
	Notify()
	// Run does the work behind it until ctx ends.
	Run(ctx context.Context) error
}

// Observers learn what happens, for metrics. Any may be nil; none may block.
type Observers struct {
	Request    func(web.Observation)
	SignIn     func(method, outcome string)
	Federation func(kind, outcome string) // attempts to sign in with another service
	Hash       func(password.Outcome)
}

// Passwords is the part of Config about passwords.
type Passwords struct {
	MinLength  int
	Words      []string
	CorpusFile string
	HIBP       bool
	Memory     int64 // bytes for hashes at once
	Parameters password.Parameters
	Gate       *password.Gate // shared between instances of one process; nil: its own
}

// Retention says how long things are kept after they ended.
type Retention struct {
	Sessions time.Duration // default 30 days
	Mail     time.Duration // default 30 days
}

// checked is a Config whose parts are parsed.
type checked struct {
	Config
	url     *url.URL
	masters keyring.Masters
	trust   clientaddr.Trust
}

// check finds everything that is missing or wrong at once.
func (c Config) check() (checked, error) {
	out := checked{Config: c}
	var faults []error
	add := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	var err error
	out.url, err = parseURL(c.URL, c.InsecurePlain)
	add(err)
	switch {
	case c.SecretKey != "":
		out.masters, err = keyring.ParseMasters(c.SecretKey)
		add(err)
	case c.KMS != nil:
	case c.Dev: // made up, and kept in the store: see openKeys
	default:
		add(ErrNoSecretKey)
	}
	if c.KMS != nil {
		out.masters = underKMS(c.KMS, out.masters)
	}
	out.trust, err = clientaddr.NewTrust(c.TrustedProxy)
	add(err)
	out.defaults()
	add(out.Registration.check())
	add(out.Phones.check())
	_, err = egress.New(egress.Options{Allow: c.EgressAllow, Now: out.Now})
	add(err)
	return out, errors.Join(faults...)
}

func (c *checked) defaults() {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Monotonic == nil {
		c.Monotonic = ratelimit.Monotonic(time.Now)
	}
	if c.AdminFresh == 0 {
		c.AdminFresh = 12 * time.Hour
	}
	if c.AdminRecent == 0 {
		c.AdminRecent = 10 * time.Minute
	}
	if c.Retention.Sessions == 0 {
		c.Retention.Sessions = 30 * 24 * time.Hour
	}
	if c.Retention.Mail == 0 {
		c.Retention.Mail = 30 * 24 * time.Hour
	}
	if c.Brand == "" {
		c.Brand = "Mortise"
	}
	if c.Limits == nil {
		c.Limits = ratelimit.Defaults()
	}
}

func parseURL(s string, plain bool) (*url.URL, error) {
	if s == "" {
		return nil, ErrNoURL
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, ErrBadURL.Because(err)
	}
	ok := (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == "" && !strings.HasSuffix(s, "?") && !strings.HasSuffix(s, "#")
	u.Path = strings.TrimRight(u.Path, "/")
	if !ok || u.RawPath != "" || (u.Path != "" && path.Clean(u.Path) != u.Path) {
		return nil, ErrBadURL.Because(fmt.Errorf("url %q", s))
	}
	if u.Scheme == "http" && !plain && !loopback(u.Hostname()) {
		return nil, ErrPlainURL
	}
	return u, nil
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" || host == "::1"
}
