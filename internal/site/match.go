package site

import (
	"net/netip"
	"slices"
	"strings"
)

// Compiled is a Site made ready to judge requests. It is immutable and safe for
// concurrent use.
type Compiled struct {
	Site
	rules []compiled
}

type compiled struct {
	*Rule
	exact []string
	below []string // without the final slash; "" is the whole site
}

// Compile makes s ready. s has been cleaned.
func Compile(s Site) *Compiled {
	c := &Compiled{Site: s, rules: make([]compiled, len(s.Rules))}
	for i := range s.Rules {
		r := compiled{Rule: &s.Rules[i]}
		for _, p := range s.Rules[i].Paths {
			if top, ok := strings.CutSuffix(p, "/*"); ok {
				r.below = append(r.below, top)
			} else {
				r.exact = append(r.exact, p)
			}
		}
		c.rules[i] = r
	}
	return c
}

// Match returns the first rule that fits a path that Path returned, a method and
// the client's address; nil when none does, which means no. An address that is
// not known fits no rule that names networks.
func (c *Compiled) Match(path, method string, from netip.Addr) *Rule {
	for i := range c.rules {
		if r := &c.rules[i]; r.path(path) && r.method(method) && r.network(from) {
			return r.Rule
		}
	}
	return nil
}

func (r *compiled) path(path string) bool {
	if len(r.Paths) == 0 || slices.Contains(r.exact, path) {
		return true
	}
	for _, top := range r.below {
		if strings.HasPrefix(path, top) && (len(path) == len(top) || path[len(top)] == '/') {
			return true
		}
	}
	return false
}

// method is compared as sent: methods have case (RFC 9110, 9.1), and one in
// another case is another method, which only a rule for all methods fits.
func (r *compiled) method(m string) bool { return len(r.Methods) == 0 || slices.Contains(r.Methods, m) }

func (r *compiled) network(from netip.Addr) bool {
	return len(r.Networks) == 0 || from.IsValid() && slices.ContainsFunc(r.Networks, func(n netip.Prefix) bool { return n.Contains(from) })
}
