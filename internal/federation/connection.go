package federation

import (
	"time"

	"github.com/mortise-auth/mortise/internal/id"
)

// ID names a connection for ever: con_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "con" }

// NewID makes the id of a connection created now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads con_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// Kind is what a service speaks, and the defaults that come with it.
type Kind string

const (
	OIDC      Kind = "oidc"
	Google    Kind = "google"
	GitHub    Kind = "github"
	Microsoft Kind = "microsoft"
	Apple     Kind = "apple"
	GitLab    Kind = "gitlab"
	OAuth2    Kind = "oauth2"
)

// Connection is one service that people may sign in with.
type Connection struct {
	ID           ID
	Name         string // unique, in addresses and files: what a file calls id
	Label        string // on buttons; empty: what the kind is called
	Kind         Kind
	Enabled      bool
	Hidden       bool   // no button on the sign-in page: reached by domain or by address
	Organization string // org_…; empty: of the instance. Yields only people of it (TH-40)
	Settings     Settings
	Secret       Sealed // client secret, or the key that signs one (Apple)
	ManagedBy    string
	Version      int64 // raised by every change: an attempt begun before is void
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Sealed is a secret under the keyring, with the connection's id as associated data.
type Sealed []byte

// Settings are the rest of a connection, kept as one JSON document.
type Settings struct {
	ClientID  string    `json:"client_id"`
	Issuer    string    `json:"issuer,omitempty"`
	Endpoints Endpoints `json:"endpoints,omitzero"`
	Scopes    []string  `json:"scopes,omitempty"` // empty: what the kind asks for
	// Algorithms an ID token may be signed with; empty: EdDSA, ES256, PS256, RS256.
	Algorithms []string `json:"algorithms,omitempty"`
	AuthMethod string   `json:"token_endpoint_auth_method,omitempty"` // empty: client_secret_basic, or post where a kind wants that
	// Tenants that Microsoft may answer for; empty: the one in the issuer.
	Tenants []string `json:"tenants,omitempty"`
	TeamID  string   `json:"team_id,omitempty"` // Apple
	KeyID   string   `json:"key_id,omitempty"`  // Apple
	// Trust names the domains whose addresses this service may vouch for: "*" is
	// every one. Empty: what the kind may (Google and Microsoft: see Trusts).
	Trust []string `json:"trusted_domains,omitempty"`
	// KeepTokens keeps the service's tokens, sealed, to be used on behalf of the person.
	KeepTokens bool `json:"keep_tokens,omitempty"`
	// PassOn asks the service to prove people anew when we are asked to (max_age, prompt):
	// for kinds that tell that they did, see Preset.Freshness.
	PassOn bool `json:"pass_on_freshness,omitempty"`
	// Strong are acr and amr values of theirs that count as two factors here; without
	// them a sign-in over there is one factor, whatever it was.
	Strong    []string   `json:"strong,omitempty"`
	Mapping   Mapping    `json:"mapping,omitzero"`
	Provision Provision  `json:"provision,omitzero"`
	Logout    LogoutMode `json:"logout,omitempty"`
}

// Endpoints of a service that has no discovery document.
type Endpoints struct {
	Authorization string `json:"authorization,omitempty"`
	Token         string `json:"token,omitempty"`
	UserInfo      string `json:"userinfo,omitempty"`
	Emails        string `json:"emails,omitempty"` // GitHub's own
	JWKS          string `json:"jwks,omitempty"`
	EndSession    string `json:"end_session,omitempty"`
	Revocation    string `json:"revocation,omitempty"`
}

// LogoutMode is what our sign-out does to the session over there.
type LogoutMode string

const (
	LogoutLocal  LogoutMode = ""       // nothing
	LogoutOffer  LogoutMode = "offer"  // the signed-out page has a button for it
	LogoutAlways LogoutMode = "always" // the browser is sent there
)

// Provision is who gets an account at first sight.
type Provision struct {
	Mode         ProvisionMode `json:"mode,omitempty"`
	Domains      []string      `json:"domains,omitempty"`      // Domains: whose verified address
	Organization string        `json:"organization,omitempty"` // slug of the one new people join
	Roles        []string      `json:"roles,omitempty"`        // they get, in that organisation or else here
}

// ProvisionMode is a rule of just-in-time creation.
type ProvisionMode string

const (
	ProvisionDefault ProvisionMode = "" // anyone where sign-up is open, else nobody
	ProvisionAnyone  ProvisionMode = "anyone"
	ProvisionDomains ProvisionMode = "domains"
	ProvisionInvited ProvisionMode = "invited" // for whose verified address an administrator made an account that nobody has entered
	ProvisionNobody  ProvisionMode = "nobody"
)
