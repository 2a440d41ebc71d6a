package registration

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Policy bounds what a client that registers itself may get. An empty list leaves
// the matter to the policy of the instance, and there to its default.
type Policy struct {
	Scopes        []string `json:"scopes,omitempty"`                      // it may ask for
	Resources     []string `json:"resources,omitempty"`                   // APIs it may ask tokens for
	Grants        []string `json:"grant_types,omitempty"`                 //
	AuthMethods   []string `json:"token_endpoint_auth_methods,omitempty"` //
	WithoutPKCE   bool     `json:"without_pkce,omitempty"`                // confidential clients do without: for older ones
	RedirectHosts []string `json:"redirect_hosts,omitempty"`              // host, *.host, or the scheme of a native client; empty: any

	// AssertionAudiences are admitted beside the issuer in what clients with
	// private_key_jwt sign: for those that are older than RFC 10070 (OA-32).
	AssertionAudiences []string `json:"assertion_audiences,omitempty"`
}

const maxPolicy = 100

var (
	hostPattern = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	scheme      = regexp.MustCompile(`^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$`)
)

// Clean sorts the lists and says ErrBadPolicy about hosts that are none.
func (p Policy) Clean() (Policy, error) {
	for _, list := range []*[]string{&p.Scopes, &p.Resources, &p.Grants, &p.AuthMethods, &p.RedirectHosts, &p.AssertionAudiences} {
		if len(*list) > maxPolicy {
			return p, ErrBadPolicy.Becausef("more than %d entries", maxPolicy)
		}
		*list = sorted(*list)
	}
	for _, h := range p.RedirectHosts {
		if !CheckHost(h) && !scheme.MatchString(h) {
			return p, ErrBadPolicy.Becausef("redirect host %q", h)
		}
	}
	return p, nil
}

// CheckHost reports whether text is a host name, or *. and one.
func CheckHost(text string) bool {
	return len(text) <= 255 && (hostPattern.MatchString(text) || ipLiteral(text))
}

func ipLiteral(text string) bool { return text == "::1" }

func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// Over fills the empty lists of p with those of base.
func (p Policy) Over(base Policy) Policy {
	fill := func(to *[]string, from []string) {
		if len(*to) == 0 {
			*to = from
		}
	}
	fill(&p.Scopes, base.Scopes)
	fill(&p.Resources, base.Resources)
	fill(&p.Grants, base.Grants)
	fill(&p.AuthMethods, base.AuthMethods)
	fill(&p.RedirectHosts, base.RedirectHosts)
	fill(&p.AssertionAudiences, base.AssertionAudiences)
	p.WithoutPKCE = p.WithoutPKCE || base.WithoutPKCE
	return p
}

// Redirects reports whether the policy admits a redirect address.
func (p Policy) Redirects(address string) bool {
	if len(p.RedirectHosts) == 0 {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return slices.Contains(p.RedirectHosts, u.Scheme+":")
	}
	return HostIn(p.RedirectHosts, u.Hostname())
}

// HostIn reports whether host is listed, by itself or by *. and a name it ends in.
func HostIn(list []string, host string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		if suffix, any := strings.CutPrefix(entry, "*"); any {
			return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
		}
		return entry == host
	})
}

// Grant are the scopes that a client gets: of those it asked for, or of all when
// it named none, the ones that the policy allows and that exist. RFC 7591 lets a
// server give less than what was asked; the answer says what it is.
func (p Policy) Grant(existing, asked []string, named bool) []string {
	if !named {
		asked = p.Scopes
	}
	var out []string
	for _, scope := range asked {
		if slices.Contains(p.Scopes, scope) && slices.Contains(existing, scope) {
			out = append(out, scope)
		}
	}
	return sorted(out)
}
