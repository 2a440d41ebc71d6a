package federation

import (
	"regexp"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/user"
)

// Bounds of a connection.
const (
	maxLabel  = 60
	maxClient = 512
	maxList   = 100
	maxPath   = 200
	maxDots   = 8
)

var (
	nameForm  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)
	scopeForm = regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,200}$`) // RFC 6749, 3.3
	roleForm  = regexp.MustCompile(`^[\x21-\x7e]{1,100}$`)
	appleForm = regexp.MustCompile(`^[A-Z0-9]{10}$`)
)

// Clean returns c in canonical form, or ErrInvalid with the first member that is
// wrong. dev admits http on this machine, and there also services that pretend to
// be one of the well-known ones. Whether roles and the organisation exist is not
// asked, and the secret is for CheckSecret.
func (c Connection) Clean(dev bool) (Connection, error) {
	if !nameForm.MatchString(c.Name) {
		return c, invalid("/id", "An id has 1 to 64 letters in lower case, digits and hyphens within.")
	}
	if _, ok := presets[c.Kind]; !ok {
		return c, invalid("/type", "There is no such type. Use oidc, google, github, microsoft, apple, gitlab or oauth2.")
	}
	label, err := user.CleanName(c.Label)
	if err != nil || len(label) > maxLabel {
		return c, invalid("/label", "The label is one short line of text.")
	}
	c.Label = label
	s := &c.Settings
	s.ClientID = strings.TrimSpace(s.ClientID)
	s.Scopes, s.Algorithms, s.Tenants, s.Strong = list(s.Scopes), list(s.Algorithms), list(s.Tenants), list(s.Strong)
	s.Trust, s.Provision.Domains = Domains(s.Trust), Domains(s.Provision.Domains)
	for _, check := range []func(bool) error{c.client, c.issuer, c.endpoints, c.kindly, c.signed, c.domains, c.provision, c.mapping} {
		if err := check(dev); err != nil {
			return c, err
		}
	}
	return c, nil
}

// list is sorted, without repetitions; none at all is nil.
func list(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

// Domains are in the form that addresses are compared in, in order; what is no
// domain is left as it is, to be refused.
func Domains(all []string) []string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = one
		if _, key, err := user.ParseEmail("x@" + strings.TrimSpace(one)); err == nil {
			out[i] = strings.TrimPrefix(key, "x@")
		}
	}
	return list(out)
}

func isDomain(s string) bool {
	_, key, err := user.ParseEmail("x@" + s)
	return err == nil && key == "x@"+s
}

func (c Connection) client(bool) error {
	s := c.Settings
	switch {
	case !isLine(s.ClientID, maxClient):
		return invalid("/client_id", "The client_id that the other service gave out is missing.")
	case len(s.Scopes) > maxList || slices.ContainsFunc(s.Scopes, func(one string) bool { return !scopeForm.MatchString(one) }):
		return invalid("/scopes", "A scope is one word without quotes.")
	case c.Kind.Discovers() && len(s.Scopes) > 0 && !slices.Contains(s.Scopes, "openid"):
		return invalid("/scopes", "Without the scope openid nobody is named.")
	case s.PassOn && !c.Kind.Preset().Freshness:
		return invalid("/pass_on_freshness", "This type does not tell whether it proved people anew.")
	case !slices.Contains([]LogoutMode{LogoutLocal, LogoutOffer, LogoutAlways}, s.Logout):
		return invalid("/logout", "Logout is offer, always, or left out.")
	case len(s.Strong) > maxList || slices.ContainsFunc(s.Strong, func(one string) bool { return !isLine(one, maxPath) }):
		return invalid("/strong", "An acr or amr value is one short line of text.")
	}
	return c.method()
}

func (c Connection) method() error {
	methods := []string{"", AuthBasic, AuthPost, AuthNone}
	switch c.Kind {
	case Apple:
		methods = []string{""}
	case OIDC, GitLab:
		methods = append(methods, AuthPrivateKeyJWT)
	}
	if !slices.Contains(methods, c.Settings.AuthMethod) {
		return invalid("/token_endpoint_auth_method", "This method is not one that the type knows.")
	}
	return nil
}

func (c Connection) issuer(dev bool) error {
	given, preset := c.Settings.Issuer, c.Kind.Preset()
	if given == "" {
		if c.Kind == OIDC {
			return invalid("/issuer", "The issuer of the OpenID provider is missing.")
		}
		return nil
	}
	u, fault := address(given, dev)
	switch {
	case fault != "":
		return invalid("/issuer", "The address "+fault+".")
	case u.RawQuery != "" || u.ForceQuery:
		return invalid("/issuer", "An issuer has no query.")
	case c.Kind == Microsoft && Tenant(given) == "":
		return invalid("/issuer", "Microsoft's issuers end with /v2.0 after the id of a tenant, common, organizations or consumers.")
	case preset.Fixed && !c.known(given) && (!dev || !loopback(u)):
		return invalid("/issuer", "This type is for one service. Use oidc for another.")
	}
	return nil
}

// known reports whether an issuer is the service that the kind is named after.
func (c Connection) known(issuer string) bool {
	if c.Kind != Microsoft {
		return issuer == c.Kind.Preset().Issuer
	}
	return slices.Contains([]string{
		"https://login.microsoftonline.com", "https://login.microsoftonline.us", "https://login.partner.microsoftonline.cn",
	}, origin(issuer))
}

func (c Connection) endpoints(dev bool) error {
	e := c.Settings.Endpoints
	for _, one := range []struct{ name, text string }{
		{"authorization", e.Authorization},
		{"token", e.Token},
		{"userinfo", e.UserInfo},
		{"emails", e.Emails},
		{"jwks", e.JWKS},
		{"end_session", e.EndSession},
		{"revocation", e.Revocation},
	} {
		if one.text == "" {
			continue
		}
		if _, fault := address(one.text, dev); fault != "" {
			return invalid("/endpoints/"+one.name, "The address "+fault+".")
		}
	}
	given := e != Endpoints{}
	full := c.Endpoints()
	switch {
	case given && c.Kind.Discovers():
		return invalid("/endpoints", "This type finds its endpoints by itself: give an issuer, or use oauth2.")
	case !c.Kind.Discovers() && e.JWKS != "":
		return invalid("/endpoints/jwks", "This type has no signed tokens. Use oidc.")
	case !c.Kind.Discovers() && (full.Authorization == "" || full.Token == "" || full.UserInfo == ""):
		return invalid("/endpoints", "The endpoints authorization, token and userinfo are needed.")
	case c.Kind == OAuth2 && e.Emails != "":
		return invalid("/endpoints/emails", "Only GitHub has this endpoint.")
	case c.Kind == GitHub && given && (e.Authorization == "" || e.Token == "" || e.UserInfo == ""):
		return invalid("/endpoints", "A GitHub of your own needs its endpoints authorization, token, userinfo and emails.")
	case c.Kind == GitHub && given && (c.Settings.Issuer == "" || c.Settings.Issuer == gitHubIssuer):
		return invalid("/issuer", "A GitHub of your own needs its own address as issuer.")
	}
	return nil
}

// kindly checks what only one kind has.
func (c Connection) kindly(bool) error {
	s := c.Settings
	switch {
	case c.Kind == Apple && !appleForm.MatchString(s.TeamID):
		return invalid("/team_id", "Apple's team id has 10 letters and digits.")
	case c.Kind == Apple && !appleForm.MatchString(s.KeyID):
		return invalid("/key_id", "Apple's key id has 10 letters and digits.")
	case c.Kind != Apple && s.TeamID != "":
		return invalid("/team_id", "Only Apple has a team id.")
	case c.Kind != Apple && s.KeyID != "" && s.AuthMethod != AuthPrivateKeyJWT:
		return invalid("/key_id", "A key id goes with private_key_jwt.")
	case c.Kind != Microsoft && len(s.Tenants) > 0:
		return invalid("/tenants", "Only Microsoft has tenants.")
	case len(s.Tenants) > maxList || slices.ContainsFunc(s.Tenants, func(one string) bool { return !IsTenant(one) }):
		return invalid("/tenants", "A tenant is named by its id, a UUID in lower case.")
	}
	if tenant := Tenant(s.Issuer); IsTenant(tenant) && slices.ContainsFunc(s.Tenants, func(one string) bool { return one != tenant }) {
		return invalid("/tenants", "This issuer is of one tenant. Use organizations or common for several.")
	}
	return nil
}

func (c Connection) signed(bool) error {
	if len(c.Settings.Algorithms) > 0 && !c.Kind.Discovers() {
		return invalid("/algorithms", "This type has no signed tokens.")
	}
	for _, one := range c.Settings.Algorithms {
		if !slices.Contains([]string{"EdDSA", "ES256", "PS256", "RS256"}, one) {
			return invalid("/algorithms", "ID tokens are signed with EdDSA, ES256, PS256 or RS256.")
		}
	}
	return nil
}

func (c Connection) domains(bool) error {
	trust := c.Settings.Trust
	if len(trust) > maxList {
		return invalid("/trusted_domains", "There are too many domains.")
	}
	for _, one := range trust {
		switch {
		case one == "*" && c.Organization != "":
			return invalid("/trusted_domains", "A connection of an organisation is trusted for its own domains only.")
		case one == "*" && c.Kind == Microsoft && !c.SingleTenant():
			return invalid("/trusted_domains", "Administrators of any tenant can write any address: name one tenant, or leave this out.")
		case one != "*" && !isDomain(one):
			return invalid("/trusted_domains", "A domain is written like example.org; * is every one.")
		}
	}
	return nil
}

func (c Connection) provision(bool) error {
	p := c.Settings.Provision
	switch {
	case !slices.Contains([]ProvisionMode{ProvisionDefault, ProvisionAnyone, ProvisionDomains, ProvisionInvited, ProvisionNobody}, p.Mode):
		return invalid("/provision/mode", "The mode is anyone, domains, invited, nobody, or left out.")
	case (p.Mode == ProvisionDomains) != (len(p.Domains) > 0):
		return invalid("/provision/domains", "Domains go with the mode domains.")
	case len(p.Domains) > maxList || slices.ContainsFunc(p.Domains, func(one string) bool { return !isDomain(one) }):
		return invalid("/provision/domains", "A domain is written like example.org.")
	case p.Organization != "" && !nameForm.MatchString(p.Organization):
		return invalid("/provision/organization", "The organisation is named by its slug.")
	case !areRoles(p.Roles):
		return invalid("/provision/roles", "A role is named as it was defined.")
	case c.ofInstance() && slices.Contains(p.Roles, admin):
		return invalid("/provision/roles", "No service makes administrators. Give this role here.")
	}
	return nil
}

func areRoles(roles []string) bool {
	return len(roles) <= maxList && !slices.ContainsFunc(roles, func(one string) bool { return !roleForm.MatchString(one) })
}

func (c Connection) mapping(bool) error {
	m := c.Settings.Mapping
	for name, path := range m.Fields {
		switch {
		case !slices.Contains(fields, name):
			return invalid("/mapping/fields", "There is no field "+shown(name)+". Fields are "+strings.Join(fields, ", ")+".")
		case !c.mappable(name):
			return invalid("/mapping/fields/"+name, "For this type the field is what the service itself calls so.")
		case !isPath(path):
			return invalid("/mapping/fields/"+name, "A path is one or more names separated by dots.")
		}
	}
	for _, name := range m.Once {
		if !slices.Contains([]string{FieldName, FieldLocale, FieldPicture, FieldGivenName, FieldFamilyName}, name) {
			return invalid("/mapping/once", "Taken once can be name, given_name, family_name, locale and picture.")
		}
	}
	if len(m.Roles) > maxGroups {
		return invalid("/mapping/roles", "There are too many groups.")
	}
	for group, roles := range m.Roles {
		if !isLine(group, maxGroup) || len(roles) == 0 || !areRoles(roles) {
			return invalid("/mapping/roles", "Each group names the roles that it gives.")
		}
		if c.ofInstance() && slices.Contains(roles, admin) {
			return invalid("/mapping/roles", "No service makes administrators. Give this role here.")
		}
	}
	return nil
}

// admin is the role of who administers the instance: to give it takes an approval by
// two, or the host (TH-42), and never what another service says.
const admin = "admin"

// ofInstance reports whether the roles that c gives are of the instance, and not of
// an organisation.
func (c Connection) ofInstance() bool {
	return c.Organization == "" && c.Settings.Provision.Organization == ""
}

func isPath(path string) bool {
	if !isLine(path, maxPath) || strings.Count(path, ".") > maxDots {
		return false
	}
	// A namespaced claim is an address and has empty parts of its own.
	return strings.Contains(path, "://") || !slices.Contains(strings.Split(path, "."), "")
}

// shown is what somebody wrote, short enough to be answered with.
func shown(text string) string {
	if len(text) > 40 {
		text = text[:40]
	}
	return strings.ToValidUTF8(text, "")
}
