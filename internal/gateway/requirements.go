package gateway

import (
	"fmt"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/verify"
)

// fulfils holds a person against the requirements of a rule.
func (f *Flow) fulfils(b Bearer, cookie bool, r *site.Numbered) error {
	who := b.Identity
	if len(r.Roles) > 0 && !some(r.Roles, who.HasRole) {
		return ErrLacking.Becausef("rule %d", r.Number).Comparing("any of the roles "+list(r.Roles), "roles "+list(who.Roles()))
	}
	for _, p := range r.Permissions {
		if !who.HasPermission(p) {
			return ErrLacking.Becausef("rule %d", r.Number).Comparing("permission "+p, "permissions "+list(who.Permissions()))
		}
	}
	for _, scope := range r.Scopes {
		if !cookie && !some(b.Scopes, func(s string) bool { return s == scope }) {
			return ErrLacking.Becausef("rule %d", r.Number).Comparing("scope "+scope, "scopes "+list(b.Scopes))
		}
	}
	if r.Organization != "" && !inOrganization(who, r) {
		return ErrLacking.Becausef("rule %d", r.Number).Comparing("membership of "+r.Organization+" "+list(r.OrgRoles), list(groups(who)))
	}
	if who.Assurance < r.Assurance {
		return ErrAssurance.Becausef("rule %d", r.Number).Comparing(fmt.Sprintf("assurance %d", r.Assurance), fmt.Sprintf("assurance %d", who.Assurance))
	}
	if r.FreshWithin == 0 {
		return nil
	}
	if age := f.o.Now().Sub(who.AuthenticatedAt); age > r.FreshWithin {
		return ErrStale.Becausef("rule %d", r.Number).Comparing("signed in within "+r.FreshWithin.String(), age.Round(time.Second).String()+" ago")
	}
	return nil
}

func list(names []string) string { return "[" + strings.Join(names, " ") + "]" }

func inOrganization(who *verify.Identity, r *site.Numbered) bool {
	if len(r.OrgRoles) == 0 {
		return who.HasOrganizationRole(r.Organization, "")
	}
	return some(r.OrgRoles, func(role string) bool { return who.HasOrganizationRole(r.Organization, role) })
}

func some(list []string, fits func(string) bool) bool {
	for _, s := range list {
		if fits(s) {
			return true
		}
	}
	return false
}
