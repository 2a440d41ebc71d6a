// Package mortise is an authentication platform as a library: sign-up, sign-in,
// sessions, recovery and self-service pages, mounted in your own program on your
// own database.
//
// You own main, flags, signals, the listener and the store. New wires one
// instance and starts nothing; Handler serves its pages and endpoints, Require
// protects your handlers, FromContext tells them who is asking, and Run does the
// work behind the requests until its context ends. Nothing is global: several
// instances live in one process.
//
//	st, err := sqlite.Open(ctx, "data", sqlite.Options{})
//	srv, err := mortise.New(ctx, mortise.Config{URL: "https://app.example.org/auth", SecretKey: key}, st)
//	go srv.Run(ctx)
//	mux.Handle("/auth/", srv.Handler())
//	mux.Handle("/", srv.Require()(home))
//
// # Defaults
//
// The zero value of every field of Config is safe. What weakens safety is spelled
// Insecure. Development is asked for by name, with Dev, and never inferred.
// Whatever is missing is reported at once, as errors with names.
//
// # Compatibility
//
// The exported names of this package, its errors' codes, cookie names, paths and
// audit event names change only with a reason, a note and a release that accepts
// both. What is documented as experimental may change.
package mortise

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/verify"
)

// Store is an open database: see storage/sqlite and storage/postgres. It can be
// opened by anybody and implemented by this module alone.
type Store = store.Store

// Shared counts limits for several processes together and wakes them; it is
// never the truth. See storage/redis.
type Shared = app.Shared

// Identity is who a request speaks for, whatever credential it came with.
type Identity = verify.Identity

// KMS is a key management service, a hardware module or an agent that encrypts
// with a master key it never gives away. It is asked at start, when a data key is
// added and when the master key rotates; no request of a person waits for it.
// Implementations are safe for concurrent use and keep to ctx.
type KMS interface {
	// KeyID is a stable name of the key that wraps from now on; New asks once. It
	// reveals nothing of the key, and is stored in clear beside what it wrapped.
	KeyID() string
	// WrapKey encrypts and authenticates at most 256 bytes with the key named id.
	WrapKey(ctx context.Context, id string, key []byte) (wrapped []byte, err error)
	// UnwrapKey undoes WrapKey. The key named id may be one that KeyID named in the
	// past. It fails for anything WrapKey did not produce with that key.
	UnwrapKey(ctx context.Context, id string, wrapped []byte) (key []byte, err error)
}

// Errors that New returns, joined when there are several. Test with errors.Is.
var (
	ErrNoURL           error = app.ErrNoURL           // Config.URL is empty
	ErrBadURL          error = app.ErrBadURL          // Config.URL is no http(s) address
	ErrPlainURL        error = app.ErrPlainURL        // Config.URL is plain http on another machine
	ErrNoSecretKey     error = app.ErrNoSecretKey     // Config.SecretKey is empty
	ErrDevStore        error = instance.ErrDevStore   // the store was used in development
	ErrBadRegistration error = app.ErrBadRegistration // Config.Registration cannot be
	ErrUnavailable     error = store.ErrUnavailable   // the database does not answer
)

// Config is everything an instance can be told. It is read once, by New.
type Config struct {
	// URL is the public address, with the path below which Handler is mounted:
	// https://app.example.org/auth. Links, cookies and the issuer follow from it
	// and from nothing a request says. Required.
	URL string

	// SecretKey is the master key that everything secret in the store is sealed
	// with: 32 random bytes in base64. Required outside development. During a
	// rotation: the new key, a comma, and the old ones.
	SecretKey string

	// KMS holds the master key outside of this process, in place of SecretKey. Keys
	// given in SecretKey besides then only open what they once sealed: list the old
	// one while moving to a KMS, until "mortise keys rotate --master" has run.
	KMS KMS

	// Brand is the name people know the service by; empty: Mortise.
	Brand string

	// Logger receives one line per request and what operators should know.
	// Nil: slog.Default().
	Logger *slog.Logger

	// Now is the clock; nil: time.Now. Everything follows it, so a test that owns
	// it owns time.
	Now func() time.Time

	// SMTP is smtp://user:password@host:587?from=id@example.org or smtps://….
	// Empty: mail waits in the outbox.
	SMTP string

	// TrustedProxies are addresses and networks that may say, in X-Forwarded
	// headers, where a request came from; "forwarded=10.0.0.0/8" for proxies that
	// write RFC 7239 instead. Empty: nobody is believed.
	TrustedProxies []string

	// EgressAllow are host:port, networks or URL prefixes that outbound calls may
	// reach although they are private.
	EgressAllow []string

	// Shared is what several processes of one instance share beside the store:
	// storage/redis.Open. Nil: each counts limits by itself, and learns of
	// revocations from the store alone.
	Shared Shared

	// Resource is the name, an absolute URI, of the API that your handlers behind
	// Require are: the aud of the access tokens they take. Declare it as a resource
	// for clients to ask for. Empty: URL, for which only first-party clients get
	// tokens.
	Resource string

	// CookieSuffix keeps the cookies of two instances on one origin apart.
	CookieSuffix string

	// NoSignUp closes sign-up: accounts are made by administrators.
	NoSignUp bool

	// SessionIdle and SessionAbsolute end sessions: unused for that long (default
	// 7 days), or that long after the sign-in (default 30 days). SessionsPerUser
	// is how many an account may have at once (default 50); the one longest
	// unused gives way.
	SessionIdle     time.Duration
	SessionAbsolute time.Duration
	SessionsPerUser int

	// PasswordMinLength is in characters; default 15, at least 8.
	PasswordMinLength int
	// PasswordWords are further words to refuse, such as the company's name.
	PasswordWords []string
	// PasswordCorpus is a file of breached passwords, made by
	// "mortise passwords corpus".
	PasswordCorpus string
	// PasswordHIBP asks api.pwnedpasswords.com about new passwords; it learns
	// five digits of a hash.
	PasswordHIBP bool
	// PasswordMemory bounds the memory of hashes under way, in bytes; default 256 MiB.
	PasswordMemory int64

	// Passkeys says which passkeys people may use, and where. The zero value takes
	// all that verify their user, on URL's host.
	Passkeys Passkeys

	// EmailCodes lets people sign in with a code or a link by mail, in the place of
	// a password. Whoever reads their mail then is them, but for a second factor.
	EmailCodes bool

	// Phones lets people have codes sent to a phone, as a second step. The zero value
	// lets nobody: the telephone network is the weakest of all factors.
	Phones Phones

	// SecurityContact is a mailto: or https: address for security.txt.
	SecurityContact string

	// Place names the rough place of an address ("Berlin, DE", or nothing), for
	// the list of sessions and for notices; nothing is decided by it. It must be
	// quick, local and safe for concurrent use. Nil: no places are shown.
	Place func(ip string) string

	// Registration lets programs register themselves as clients. The zero value
	// lets nobody.
	Registration Registration

	// InsecurePlainHTTP allows a URL with plain http that is not on this machine:
	// sessions can be stolen on the way. For closed networks in tests.
	InsecurePlainHTTP bool

	wiring app.Config
}

// Passkeys says which passkeys people may use, and where.
type Passkeys struct {
	// RPID is the domain that passkeys are bound to: the host of URL, or a parent of
	// it. Changing it loses every passkey, so Open refuses that while there are any.
	// Empty: the host of URL.
	RPID string
	// RelatedOrigins are further origins, https://host, whose pages may use the same
	// passkeys; at most 5.
	RelatedOrigins []string
	// Allow and Deny are models of authenticators, as AAGUIDs. Empty: all, none.
	Allow, Deny []string
	// Roots are certificates of makers of authenticators, as PEM. With them a new
	// passkey must come with a statement that leads to one.
	Roots string
	// MetadataFile is the file of models that the FIDO Metadata Service publishes. With
	// it a new passkey must be of a model in it that is not known as broken, and come
	// with a statement by its maker. MetadataRootFile, as PEM, is who must have signed
	// it; empty: FIDO.
	MetadataFile, MetadataRootFile string
	// StrictCounter refuses a passkey whose signature counter went back, instead of
	// warning.
	StrictCounter bool
}

// Phones says how codes are sent to phones, and what they may cost in a day.
// Amounts of money are thousandths of whatever the provider bills in.
type Phones struct {
	// Driver is "twilio", for it and all who speak its HTTP interface, or empty. Dev
	// has "mailbox", which keeps them beside the mails.
	Driver string
	// URL is where that interface is; empty: Twilio's. Account, Token and From (a
	// number, a name, or a messaging service) are what the provider calls so.
	URL, Account, Token, From string
	// Voice has codes read out in calls too, for who asks for it.
	Voice bool
	// Prefixes are the beginnings of numbers that codes go to, such as "+49"; empty:
	// all but those of paid services.
	Prefixes []string
	// PerNumber (default 5), PerRange (50; numbers that share country code and three
	// digits) and PerCountry (500) are messages a day.
	PerNumber, PerRange, PerCountry int64
	// Spend is the hard cap of a day (default 10,000); Price is what a message costs
	// (default 100) unless Prices, "+49=75", know better.
	Spend, Price int64
	Prices       []string
}

// Registration says which programs may register themselves, and what they may
// have. Each registers under consent: people are asked every time.
type Registration struct {
	// Mode is "off", which is the default, "token" for whoever has an initial access
	// token (RFC 7591), or "open" for anybody.
	Mode string
	// Scopes, Resources, GrantTypes and AuthMethods bound what such clients get;
	// an initial access token can have its own. Empty: openid, profile, email and
	// offline_access; none; authorization_code and refresh_token; all there are.
	Scopes, Resources, GrantTypes, AuthMethods []string
	// RedirectHosts are app.example.org, *.example.org, 127.0.0.1, or
	// com.example.app: for a scheme of one's own. Empty: any.
	RedirectHosts []string
	// WithoutPKCE lets confidential clients among them do without PKCE.
	WithoutPKCE bool
	// AssertionAudiences are taken beside the issuer in the assertions of those that
	// use private_key_jwt: https://id.example.org/oauth2/token, for older programs.
	AssertionAudiences []string
	// Unused is when clients that nobody vouched for and nobody uses are deleted;
	// default 30 days.
	Unused time.Duration
	// Documents takes a client_id that is an https address: the client's description
	// is read from there (Client ID Metadata Documents), from DocumentHosts only
	// unless that is empty.
	Documents     bool
	DocumentHosts []string
}

func (r Registration) internal() app.Registration {
	return app.Registration{
		Mode: enroll.Mode(r.Mode), Unused: r.Unused, Documents: r.Documents, Hosts: r.DocumentHosts,
		Policy: registration.Policy{
			Scopes: r.Scopes, Resources: r.Resources, Grants: r.GrantTypes, AuthMethods: r.AuthMethods, RedirectHosts: r.RedirectHosts, WithoutPKCE: r.WithoutPKCE,
			AssertionAudiences: r.AssertionAudiences,
		},
	}
}

// Dev is a Config for development on this machine at url, such as
// http://localhost:8080/auth: plain http on loopback, a throw-away key kept in the
// store, mail kept in a mailbox at /dev/mail below url. The store it is used with
// is marked and refused by any other Config.
func Dev(url string) Config {
	return Config{URL: url, EmailCodes: true, Phones: Phones{Driver: "mailbox", Voice: true}, wiring: app.Config{Dev: true}}
}

func (c Config) internal() app.Config {
	w := c.wiring
	w.URL, w.SecretKey, w.Brand, w.Log, w.CookieSuffix = c.URL, c.SecretKey, c.Brand, c.Logger, c.CookieSuffix
	w.KMS, w.TrustedProxy, w.EgressAllow, w.SMTP, w.NoSignUp = c.KMS, c.TrustedProxies, c.EgressAllow, c.SMTP, c.NoSignUp
	w.Shared, w.Resource, w.Registration = c.Shared, c.Resource, c.Registration.internal()
	w.EmailCodes = c.EmailCodes
	w.Phones = app.Phones{
		Driver: c.Phones.Driver, URL: c.Phones.URL, Account: c.Phones.Account, Token: c.Phones.Token, From: c.Phones.From,
		Voice: c.Phones.Voice, Prefixes: c.Phones.Prefixes, PerNumber: c.Phones.PerNumber, PerRange: c.Phones.PerRange,
		PerCountry: c.Phones.PerCountry, Spend: c.Phones.Spend, Price: c.Phones.Price, Prices: c.Phones.Prices,
	}
	w.InsecurePlain, w.Contact = c.InsecurePlainHTTP, c.SecurityContact
	w.Sessions = signin.Limits{Idle: c.SessionIdle, Absolute: c.SessionAbsolute, PerUser: c.SessionsPerUser}
	if c.Place != nil {
		w.Place = c.Place
	}
	if c.Now != nil {
		w.Now = c.Now
	}
	w.Passkeys = app.Passkeys{
		RPID: c.Passkeys.RPID, Related: c.Passkeys.RelatedOrigins, Allow: c.Passkeys.Allow, Deny: c.Passkeys.Deny,
		Roots: c.Passkeys.Roots, Metadata: c.Passkeys.MetadataFile, Signer: c.Passkeys.MetadataRootFile, Strict: c.Passkeys.StrictCounter,
	}
	p := &w.Passwords
	p.MinLength, p.Words, p.CorpusFile, p.HIBP, p.Memory = c.PasswordMinLength, c.PasswordWords, c.PasswordCorpus, c.PasswordHIBP, c.PasswordMemory
	return w
}

// Server is one instance. It is safe for concurrent use.
type Server struct {
	app   *app.App
	guard guard
}

// New wires an instance on st, which stays the caller's to close, after Run has
// returned. It reads neither the environment nor flags, and starts nothing.
func New(ctx context.Context, cfg Config, st Store) (*Server, error) {
	s, _, err := Wire(ctx, cfg, st, func(*app.Config) {})
	return s, err
}

// Wire is New for mortisetest and the command, which are built on this face and
// need what Config does not offer. Nobody else can name what it takes.
func Wire(ctx context.Context, cfg Config, st Store, tune func(*app.Config)) (*Server, *app.App, error) {
	inner := cfg.internal()
	tune(&inner)
	a, err := app.New(ctx, inner, st)
	if err != nil {
		return nil, nil, err
	}
	return &Server{app: a, guard: newGuard(a)}, a, nil
}

// Handler serves all pages and endpoints below the path of Config.URL, which it
// strips itself: mount it at that path, with a slash.
func (s *Server) Handler() http.Handler { return s.app.Handler() }

// WellKnown serves /.well-known/change-password, jwks.json and the like. Mount it at
// "/.well-known/" of the host when Config.URL has a path; Handler includes it
// otherwise.
func (s *Server) WellKnown() http.Handler { return s.app.WellKnown() }

// Run follows revocations, sends mail and sweeps what is over, until ctx ends.
// Without it sessions are checked in the store each time and mail waits.
func (s *Server) Run(ctx context.Context) error { return s.app.Run(ctx) }

// Ready returns nil when requests would be served well: the store answers and
// the clocks agree.
func (s *Server) Ready(ctx context.Context) error { return s.app.Ready(ctx) }

// FromContext returns who the request speaks for, behind Require or Identify.
func FromContext(ctx context.Context) (Identity, bool) { return verify.FromContext(ctx) }
