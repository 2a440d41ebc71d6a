package client

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID is a client_id: chosen by whoever creates the client, else cli_….
// It is compared byte by byte.
type ID string

type noun struct{}

func (noun) Prefix() string { return "cli" }

// NewID makes the name of a client created now.
func NewID(now time.Time) ID { return ID(id.New[noun](now).String()) }

var chosen = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$`)

// ParseID reads a client_id, or says ErrBadID. Whatever could be read as the
// name of an account is refused in every spelling (OA-6).
func ParseID(s string) (ID, error) {
	if !chosen.MatchString(s) || strings.HasPrefix(strings.ToLower(s), "usr_") {
		return "", ErrBadID
	}
	return ID(s), nil
}

// Address reports whether c is the address of the client's metadata document,
// which no chosen name and no account's can be (OA-6).
func (c ID) Address() bool {
	return strings.HasPrefix(string(c), "https://") || strings.HasPrefix(string(c), "http://")
}

func (c ID) check(a Addresses, document bool) error {
	if !document {
		_, err := ParseID(string(c))
		return err
	}
	if fault := a.Document(string(c)); fault != "" || len(c) > maxDocumentID {
		return ErrBadID.Becausef("the address of a document: %s", fault)
	}
	return nil
}

const maxDocumentID = 512

// Value is what a revocation entry has for the client.
func (c ID) Value() [16]byte { return feed.RawValue(feed.Client, string(c)) }

// Subject is what a revocation entry has for the client as the subject of its own
// tokens, and as an actor.
func (c ID) Subject() [16]byte { return feed.RawValue(feed.Subject, string(c)) }

// Client is one registered program. Lists are sorted and without repetition
// where their order means nothing.
type Client struct {
	ID        ID
	Name      string
	Type      Type
	Auth      Auth
	Profile   Profile
	Grants    []string // grant_types
	Responses []string // response_types
	Scopes    []string // it may ask for
	Resources []string // identifiers of the APIs it may ask tokens for (RFC 8707)

	RedirectURIs      []string // exact (OA-1), in the order given
	PostLogoutURIs    []string // exact, in the order given
	BackchannelLogout string
	Origins           []string // of its pages: they may refresh by cookie (TH-9) and sign in headless (TH-34)
	IDTokenAlg        string   // id_token_signed_response_alg
	FirstParty        bool     // no consent page

	Metadata

	TokenFormat   string        // of access tokens; empty: as the resource says
	TokenLifetime time.Duration // of access tokens; 0: as the resource says
	RefreshIdle   time.Duration // a refresh family ends when unused this long
	RefreshLife   time.Duration // and at the latest after this long, whatever happens

	Secret       Secret // the current one
	FormerSecret Secret // the one before it, while it still opens

	Version int64 // raised when everything minted before is dead
	// TokenVersion is that of the tokens the client gets for itself, the claim uv
	// (TH-3). Read only: stores raise it, with Version and by itself (TH-17).
	TokenVersion int64
	Disabled     bool
	ManagedBy    string // ByFile, ByRegistration, ByDocument; empty: an administrator
	Revision     int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
	LastUsedAt   time.Time // to about a minute
}

// Type is the application_type of OpenID registration.
type Type string

const (
	Web    Type = "web"    // redirects to https
	Native Type = "native" // redirects to a loopback port or a scheme of its own too
)

// Auth is the token_endpoint_auth_method. A client has one, and no other is
// tried for it (OA-5).
type Auth string

const (
	AuthNone          Auth = "none" // a public client
	AuthBasic         Auth = "client_secret_basic"
	AuthPost          Auth = "client_secret_post"
	AuthPrivateKeyJWT Auth = "private_key_jwt" // a signature under one of its keys (OA-32)
	// Seams for RFC 8705, refused today: ErrAuthMethod.
	AuthTLS           Auth = "tls_client_auth"
	AuthSelfSignedTLS Auth = "self_signed_tls_client_auth"
)

// Who describes a client, if not an administrator.
const (
	ByFile         = "file"    // declared by apply
	ByRegistration = "dynamic" // registered itself (RFC 7591)
	ByDocument     = "cimd"    // its client_id is the address of its metadata
)

// Profile is a set of rules a client is held to.
type Profile string

const (
	OAuth21 Profile = "oauth2.1"
	FAPI2   Profile = "fapi2"
)

// The grant types that a client may be registered for.
const (
	GrantCode              = "authorization_code"
	GrantRefresh           = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantImplicit          = "implicit" // only for response types with an ID token
	GrantDevice            = "urn:ietf:params:oauth:grant-type:device_code"
	GrantExchange          = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// Bounds and defaults of lifetimes.
const (
	MinTokenLifetime   = 5 * time.Minute
	MaxTokenLifetime   = 15 * time.Minute
	MinRefresh         = 5 * time.Minute
	MaxRefresh         = 366 * 24 * time.Hour
	DefaultRefreshIdle = 14 * 24 * time.Hour
	DefaultRefreshLife = 90 * 24 * time.Hour
)

// Public reports whether the client cannot prove who it is.
func (c Client) Public() bool { return c.Auth == AuthNone }

// HasSecret reports whether the client proves itself with a secret.
func (c Client) HasSecret() bool { return c.Auth == AuthBasic || c.Auth == AuthPost }

// SelfRegistered reports whether nobody here has looked at the client: consent is
// asked every time, and error pages stand before redirects (OA-21, OA-22).
func (c Client) SelfRegistered() bool {
	return c.ManagedBy == ByRegistration || c.ManagedBy == ByDocument
}

// May reports whether the client is registered for a grant type and not disabled.
func (c Client) May(grant string) bool { return !c.Disabled && slices.Contains(c.Grants, grant) }

// MayAsk reports whether the client is registered for a scope.
func (c Client) MayAsk(scope string) bool { return slices.Contains(c.Scopes, scope) }

// Trusts reports whether origin, as a browser sends it, is one of the client's.
func (c Client) Trusts(origin string) bool { return slices.Contains(c.Origins, origin) }

// cleanName is the display name, the client_id when there is none.
func (c Client) cleanName() (string, error) {
	name, err := user.CleanName(c.Name)
	if name == "" && err == nil {
		name = string(c.ID)
	}
	return name, err
}
