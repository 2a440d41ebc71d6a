package federation

import (
	"maps"
	"slices"
	"strings"
)

// How we prove who we are at a token endpoint.
const (
	AuthBasic         = "client_secret_basic"
	AuthPost          = "client_secret_post"
	AuthPrivateKeyJWT = "private_key_jwt"
	AuthNone          = "none"
	// AuthApple is client_secret_post with a secret that is signed anew each time.
	AuthApple = "apple"
)

// Preset is what comes with a kind.
type Preset struct {
	Label     string
	Issuer    string
	Fixed     bool      // the issuer cannot be another: it is what the kind is trusted for
	Aliases   []string  // how the issuer may call itself in its tokens
	Endpoints Endpoints // of kinds without discovery
	Scopes    []string
	Auth      string
	FormPost  bool // the answer comes as a form
	UserInfo  bool // may know more than the ID token
	Freshness bool // understands max_age, and says when it proved the person
	Fields    map[string]string
}

// standard are the claims of OpenID Connect Core, 5.1, and groups as most send them.
var standard = map[string]string{
	FieldSubject: "sub", FieldEmail: "email", FieldEmailVerified: "email_verified", FieldName: "name", FieldGivenName: "given_name",
	FieldFamilyName: "family_name", FieldLocale: "locale", FieldPicture: "picture", FieldGroups: "groups",
}

func standardBut(different map[string]string) map[string]string {
	fields := maps.Clone(standard)
	maps.Copy(fields, different)
	return fields
}

// Issuers that are trusted for more than others: see Trusts.
const (
	googleIssuer    = "https://accounts.google.com"
	microsoftIssuer = "https://login.microsoftonline.com/common/v2.0"
	appleIssuer     = "https://appleid.apple.com"
	gitHubIssuer    = "https://github.com"
)

var presets = map[Kind]Preset{
	OIDC: {
		Label: "OpenID", Scopes: []string{"openid", "profile", "email"}, UserInfo: true, Freshness: true, Fields: standard,
	},
	Google: {
		Label: "Google", Issuer: googleIssuer, Fixed: true, Aliases: []string{"accounts.google.com"},
		Scopes: []string{"openid", "profile", "email"}, Auth: AuthPost, Fields: standard,
	},
	Microsoft: {
		Label: "Microsoft", Issuer: microsoftIssuer, Fixed: true,
		Scopes: []string{"openid", "profile", "email"}, Auth: AuthPost, Freshness: true, Fields: standard,
	},
	Apple: {
		Label: "Apple", Issuer: appleIssuer, Fixed: true,
		Scopes: []string{"openid", "name", "email"}, Auth: AuthApple, FormPost: true, Fields: standard,
	},
	GitLab: {
		Label: "GitLab", Issuer: "https://gitlab.com", Scopes: []string{"openid", "profile", "email"},
		Auth: AuthPost, UserInfo: true, Freshness: true, Fields: standard,
	},
	GitHub: {
		Label: "GitHub", Issuer: gitHubIssuer, Endpoints: Endpoints{
			Authorization: "https://github.com/login/oauth/authorize", Token: "https://github.com/login/oauth/access_token",
			UserInfo: "https://api.github.com/user", Emails: "https://api.github.com/user/emails",
		},
		Scopes: []string{"read:user", "user:email"}, Auth: AuthPost,
		Fields: standardBut(map[string]string{FieldSubject: "id", FieldPicture: "avatar_url"}),
	},
	OAuth2: {Label: "OAuth 2.0", Fields: standard},
}

// Kinds are all kinds there are, in order.
func Kinds() []Kind { return slices.Sorted(maps.Keys(presets)) }

// Preset is what comes with the kind; zero for one that there is not.
func (k Kind) Preset() Preset { return presets[k] }

// Discovers reports whether the kind has a discovery document and ID tokens.
func (k Kind) Discovers() bool { return k != GitHub && k != OAuth2 && presets[k].Label != "" }

// Title is what a button says the service is called.
func (c Connection) Title() string {
	if c.Label != "" {
		return c.Label
	}
	return c.Kind.Preset().Label
}

// Issuer is who speaks for the service: as set, or the kind's. A service of OAuth
// 2.0 that was given none is the origin of the endpoint that tells who somebody is,
// so that its subjects are never another service's.
func (c Connection) Issuer() string {
	if c.Settings.Issuer != "" {
		return c.Settings.Issuer
	}
	if preset := c.Kind.Preset().Issuer; preset != "" {
		return preset
	}
	return origin(c.Endpoints().UserInfo)
}

// Endpoints are those that are set, and for the rest the kind's.
func (c Connection) Endpoints() Endpoints {
	e, preset := c.Settings.Endpoints, c.Kind.Preset().Endpoints
	fill(&e.Authorization, preset.Authorization)
	fill(&e.Token, preset.Token)
	fill(&e.UserInfo, preset.UserInfo)
	fill(&e.Emails, preset.Emails)
	return e
}

// Scopes are what is asked for.
func (c Connection) Scopes() []string {
	if len(c.Settings.Scopes) > 0 {
		return c.Settings.Scopes
	}
	return c.Kind.Preset().Scopes
}

// Algorithms are those that an ID token may be signed with.
func (c Connection) Algorithms() []string {
	if len(c.Settings.Algorithms) > 0 {
		return c.Settings.Algorithms
	}
	return []string{"EdDSA", "ES256", "PS256", "RS256"}
}

// AuthMethod is how we prove who we are; empty: as the service announces.
func (c Connection) AuthMethod() string {
	if c.Settings.AuthMethod != "" {
		return c.Settings.AuthMethod
	}
	return c.Kind.Preset().Auth
}

// Field is the path of claims that a field of ours is read from.
func (c Connection) Field(name string) string {
	if path, ok := c.Settings.Mapping.Fields[name]; ok && c.mappable(name) {
		return path
	}
	return c.Kind.Preset().Fields[name]
}

// mappable reports whether a field may be read from another claim than the kind's.
// The subject is what the protocol says it is. Where a kind is trusted with
// addresses by a rule of its own, that rule is about one claim and no other.
func (c Connection) mappable(field string) bool {
	switch field {
	case FieldSubject:
		return c.Kind == OAuth2
	case FieldEmail, FieldEmailVerified:
		rules := c.rules()
		return rules == OIDC || rules == OAuth2 || rules == GitLab
	}
	return true
}

func fill(to *string, value string) {
	if *to == "" {
		*to = value
	}
}

// origin is scheme, host and port of an address that was checked.
func origin(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	if host, _, _ = strings.Cut(host, "?"); host == "" {
		return ""
	}
	return scheme + "://" + host
}
