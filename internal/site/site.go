package site

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Site is one protected host.
type Site struct {
	Host      string // lower case; a port only when it is not the scheme's own
	Name      string // for people; at most 100 characters
	Audience  string // of the signed Mortise-Identity; empty: none is sent
	Personal  bool   // the signed identity carries name and address too
	Rules     []Rule // the first that fits decides; none: no
	ManagedBy string // "file" when declared by apply, else empty
	Revision  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Action is what a rule does with a request it fits.
type Action string

// The actions. Whatever no rule allows is denied.
const (
	Allow   Action = "allow"   // anybody
	Require Action = "require" // somebody who fulfils the rule's requirements
	Deny    Action = "deny"    // nobody
)

// Rule is one line of a site. Paths, Methods and Networks say what it fits; an
// empty list fits everything. The rest is required of the person.
type Rule struct {
	Paths    []string       `json:"paths,omitempty"`   // "/a" itself, or "/a/*": /a and all below it
	Methods  []string       `json:"methods,omitempty"` // upper case
	Networks []netip.Prefix `json:"networks,omitempty"`
	Action   Action         `json:"action"`

	Roles        []string      `json:"roles,omitempty"`       // any of them
	Permissions  []string      `json:"permissions,omitempty"` // all of them
	Scopes       []string      `json:"scopes,omitempty"`      // all of them, of whoever comes with a token
	Organization string        `json:"organization,omitempty"`
	OrgRoles     []string      `json:"organization_roles,omitempty"` // any of them, in Organization
	Assurance    int           `json:"assurance,omitempty"`          // at least
	FreshWithin  time.Duration `json:"fresh_within,omitempty"`       // since the sign-in; 0: whenever
}

// limits of one site.
const (
	maxRules = 200
	maxList  = 100
	maxName  = 100
)

// Clean returns s in canonical form. ErrBadHost, ErrBadRule or ErrBadAudience.
func (s Site) Clean() (Site, error) {
	host, ok := Host(s.Host, "")
	if !ok {
		return s, ErrBadHost.Becausef("host %q", s.Host)
	}
	s.Host = host
	if len(s.Audience) > 255 || !visible(s.Audience) {
		return s, ErrBadAudience
	}
	if len(s.Name) > maxName || len(s.Rules) > maxRules {
		return s, ErrBadRule.Becausef("%d rules, a name of %d bytes", len(s.Rules), len(s.Name))
	}
	s.Rules = slices.Clone(s.Rules)
	for i, r := range s.Rules {
		clean, err := r.clean()
		if err != nil {
			return s, err
		}
		s.Rules[i] = clean
	}
	return s, nil
}

func (r Rule) clean() (Rule, error) {
	lists := [][]string{r.Paths, r.Methods, r.Roles, r.Permissions, r.Scopes, r.OrgRoles}
	for _, list := range lists {
		if len(list) > maxList || slices.Contains(list, "") {
			return r, ErrBadRule.Becausef("a list with %d or empty members", len(list))
		}
	}
	switch r.Action {
	case Require:
	case Allow, Deny:
		if r.demands() {
			return r, ErrBadRule.Becausef("action %s asks nobody, but the rule has requirements", r.Action)
		}
	default:
		return r, ErrBadRule.Becausef("action %q", r.Action)
	}
	if len(r.OrgRoles) > 0 && r.Organization == "" || r.Assurance < 0 || r.Assurance > 3 || r.FreshWithin < 0 || len(r.Networks) > maxList {
		return r, ErrBadRule.Becausef("organization, assurance, fresh_within or networks")
	}
	r.Methods = slices.Clone(r.Methods)
	for i, m := range r.Methods {
		if r.Methods[i] = strings.ToUpper(m); !token(m) {
			return r, ErrBadRule.Becausef("method %q", m)
		}
	}
	r.Networks = slices.Clone(r.Networks)
	for i, n := range r.Networks {
		if !n.IsValid() || n.Addr().Is4In6() {
			return r, ErrBadRule.Becausef("network %s", n)
		}
		r.Networks[i] = n.Masked()
	}
	for _, p := range r.Paths {
		if !goodPattern(p) {
			return r, ErrBadRule.Becausef("path %q", p)
		}
	}
	return r, nil
}

func (r Rule) demands() bool {
	return len(r.Roles)+len(r.Permissions)+len(r.Scopes)+len(r.OrgRoles) > 0 || r.Organization != "" || r.Assurance != 0 || r.FreshWithin != 0
}

// goodPattern takes decoded paths, so that a rule can never be written in a form
// that no request is compared in.
func goodPattern(p string) bool {
	body := strings.TrimSuffix(p, "/*")
	if body == "" && p != "" {
		return true // "/*"
	}
	return strings.HasPrefix(body, "/") && !strings.ContainsAny(body, "*?#%") && plain(body) && (body == p || !strings.HasSuffix(body, "/"))
}

// token reports whether s is an HTTP token of letters and hyphens.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
