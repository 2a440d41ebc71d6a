package passkey

import (
	"crypto/x509"
	"net/url"
	"slices"
	"strings"
)

// Site is the relying party: the domain that passkeys are bound to, and the
// origins whose pages may use them.
type Site struct {
	ID      string   // a domain; the host of the public URL or a parent of it
	Name    string   // what authenticators show
	Origins []string // the public URL's first; the others are related origins (PW-74)
}

// maxLabels is how many registrable names browsers follow in related origins.
const maxLabels = 5

// NewSite makes a Site of the public URL. id may be empty: the URL's host. Related
// are further origins, each scheme, host and port only. ErrPolicy.
func NewSite(public *url.URL, id, name string, related []string) (Site, error) {
	host := public.Hostname()
	if id == "" {
		id = host
	}
	if id != host && !strings.HasSuffix(host, "."+id) {
		return Site{}, ErrPolicy
	}
	s := Site{ID: id, Name: name, Origins: []string{public.Scheme + "://" + public.Host}}
	if len(related) > maxLabels {
		return Site{}, ErrPolicy
	}
	for _, origin := range related {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.ToLower(origin) != origin {
			return Site{}, ErrPolicy
		}
		if !slices.Contains(s.Origins, origin) {
			s.Origins = append(s.Origins, origin)
		}
	}
	return s, nil
}

// Policy says which passkeys are good enough. The zero value takes all that verify
// their user.
type Policy struct {
	Allow  []AAGUID // empty: all models
	Deny   []AAGUID
	Roots  *x509.CertPool // makers of authenticators
	Models *Metadata      // or what FIDO says of them. Both nil: statements are not asked for
	Strict bool           // refuse a counter that went back, instead of warning
}

// conveyance is what browsers are asked for.
func (p Policy) conveyance() string {
	if p.attests() {
		return "direct"
	}
	return "none"
}

// attests reports whether models must be vouched for.
func (p Policy) attests() bool { return p.Roots != nil || p.Models != nil }

// rootsOf are the pools of which one must vouch for a model.
func (p Policy) rootsOf(id AAGUID) (pools []*x509.CertPool) {
	if p.Roots != nil {
		pools = append(pools, p.Roots)
	}
	if p.Models != nil && p.Models.models[id].roots != nil {
		pools = append(pools, p.Models.models[id].roots)
	}
	return pools
}

// admits judges the model. With roots or metadata, it must be attested, and not be
// known as broken (PW-70).
func (p Policy) admits(k Passkey) error {
	switch {
	case p.attests() && !k.Attested,
		p.Models != nil && p.Models.models[k.Model].broken,
		slices.Contains(p.Deny, k.Model),
		len(p.Allow) > 0 && !slices.Contains(p.Allow, k.Model):
		return ErrModel
	}
	return nil
}
