package client

import (
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
)

// maxList is how many addresses, origins, scopes or resources a client has.
const maxList = 100

// Clean returns c in canonical form with the defaults of RFC 7591 and OpenID
// registration filled in, or the first error of its parts. Whether scopes and
// resources exist is the Store's to say.
func (c Client) Clean(a Addresses) (Client, error) {
	var err error
	if _, err = ParseID(string(c.ID)); err != nil {
		return c, err
	}
	if c.Name, err = c.cleanName(); err != nil {
		return c, err
	}
	c = c.defaults()
	for _, check := range []func(Addresses) error{c.sizes, c.method, c.profile, c.flows, c.addresses, c.tokens, c.described, c.located, c.keyed, c.sectored} {
		if err := check(a); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c Client) defaults() Client {
	fill(&c.Type, Web)
	fill(&c.Auth, AuthBasic)
	fill(&c.Profile, OAuth21)
	rules := c.Profile.Rules()
	if len(rules.Algorithms) > 0 {
		fill(&c.IDTokenAlg, rules.Algorithms[0])
	}
	c.Metadata = c.Metadata.canonical()
	c.RequirePAR, c.DPoPBound = c.RequirePAR || rules.Pushed, c.DPoPBound || rules.Bound
	if c.RefreshIdle == 0 {
		c.RefreshIdle = DefaultRefreshIdle
		if c.RefreshLife != 0 {
			c.RefreshIdle = min(c.RefreshIdle, c.RefreshLife)
		}
	}
	if c.RefreshLife == 0 {
		c.RefreshLife = max(DefaultRefreshLife, c.RefreshIdle)
	}
	if len(c.Grants) == 0 {
		c.Grants = []string{GrantCode}
	}
	c.Grants = set(c.Grants)
	if len(c.Responses) == 0 && slices.Contains(c.Grants, GrantCode) {
		c.Responses = []string{"code"}
	}
	c.Responses, c.Scopes, c.Resources, c.Origins = set(c.Responses), set(c.Scopes), set(c.Resources), set(c.Origins)
	return c
}

func fill[T ~string](to *T, value T) {
	if *to == "" {
		*to = value
	}
}

// set sorts a list and takes repetitions out; none at all is nil.
func set(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func (c Client) sizes(Addresses) error {
	for _, list := range [][]string{c.RedirectURIs, c.PostLogoutURIs, c.Origins, c.Scopes, c.Resources, c.Contacts, c.RequestURIs, c.AssertionAudiences, c.DefaultACRs, c.DetailTypes} {
		if len(list) > maxList {
			return ErrTooMany
		}
	}
	return nil
}

func (c Client) method(Addresses) error {
	switch c.Auth {
	case AuthNone, AuthBasic, AuthPost, AuthPrivateKeyJWT:
		return nil
	}
	return ErrAuthMethod
}

// responses are the response types there are, each with the grants it needs
// (OpenID registration, section 2). Those that hand out an access token in the
// address are none (OA-12).
var responses = map[string][]string{
	"code":          {GrantCode},
	"id_token":      {GrantImplicit},
	"code id_token": {GrantCode, GrantImplicit},
}

var grants = []string{GrantCode, GrantRefresh, GrantClientCredentials, GrantImplicit, GrantDevice, GrantExchange}

func (c Client) flows(Addresses) error {
	var needed []string
	for _, r := range c.Responses {
		need, ok := responses[r]
		if !ok {
			return named(ErrBadGrants, "/response_types", "There is no response type "+quoted(r)+".")
		}
		needed = append(needed, need...)
	}
	for _, g := range c.Grants {
		if !slices.Contains(grants, g) {
			return named(ErrBadGrants, "/grant_types", "There is no grant type "+quoted(g)+".")
		}
	}
	for _, g := range []string{GrantCode, GrantImplicit} {
		if slices.Contains(needed, g) != slices.Contains(c.Grants, g) {
			return named(ErrBadGrants, "/grant_types", "The grant type "+g+" goes with the response types that use it.")
		}
	}
	if len(needed) > 0 && len(c.RedirectURIs) == 0 {
		return named(ErrBadGrants, "/redirect_uris", "A client that sends browsers here needs an address to get them back.")
	}
	if c.Public() && slices.Contains(c.Grants, GrantClientCredentials) {
		return named(ErrBadGrants, "/grant_types", "A public client cannot act as itself: anybody could.")
	}
	return nil
}

func (c Client) addresses(a Addresses) error {
	redirect := func(s string) string { return a.Redirect(s, c.Type) }
	for _, kind := range []struct {
		err     *problem.Error
		pointer string
		list    []string
		check   func(string) string
	}{
		{ErrBadRedirect, "/redirect_uris", c.RedirectURIs, redirect},
		{ErrBadLogout, "/post_logout_redirect_uris", c.PostLogoutURIs, redirect},
		{ErrBadOrigin, "/origins", c.Origins, a.Origin},
	} {
		for _, text := range kind.list {
			if fault := kind.check(text); fault != "" {
				return named(kind.err, kind.pointer, quoted(text)+": "+fault+".")
			}
		}
	}
	if c.BackchannelLogout == "" {
		return nil
	}
	if fault := a.Endpoint(c.BackchannelLogout); fault != "" {
		return named(ErrBadLogout, "/backchannel_logout_uri", quoted(c.BackchannelLogout)+": "+fault+".")
	}
	return nil
}

func (c Client) tokens(Addresses) error {
	if !slices.Contains([]string{"", "jwt", "opaque"}, c.TokenFormat) {
		return ErrBadTokenFormat
	}
	if c.TokenLifetime != 0 && !between(MinTokenLifetime, c.TokenLifetime, MaxTokenLifetime) ||
		!between(MinRefresh, c.RefreshIdle, c.RefreshLife) || !between(MinRefresh, c.RefreshLife, MaxRefresh) {
		return ErrBadLifetime
	}
	return nil
}

// between also wants whole seconds, because that is what files and tokens have.
func between(least, d, most time.Duration) bool {
	return least <= d && d <= most && d%time.Second == 0
}
