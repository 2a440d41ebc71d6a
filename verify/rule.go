package verify

import (
	"strings"
	"time"
)

// Rule is one condition of Require. All of them must hold; AnyOf asks for one.
// The zero Rule never holds.
type Rule struct {
	holds func(who *Identity, now time.Time) *Error
	scope string
}

// Scope holds for tokens that were granted every one of the scopes, given one by
// one or with spaces between. Refusal: insufficient_scope.
func Scope(names ...string) Rule {
	names = strings.Fields(strings.Join(names, " "))
	return Rule{
		scope: strings.Join(names, " "),
		holds: func(who *Identity, _ time.Time) *Error {
			for _, n := range names {
				if !who.HasScope(n) {
					return errScope
				}
			}
			return unless(len(names) > 0, errScope)
		},
	}
}

// Role holds for whoever has the instance-wide role. Refusal: missing_role.
func Role(name string) Rule {
	return Rule{holds: func(who *Identity, _ time.Time) *Error { return unless(who.HasRole(name), errRole) }}
}

// InOrganization holds for members of the organisation with this slug or id who
// have the role there; an empty role asks for membership only. Refusal:
// missing_organization.
func InOrganization(organization, role string) Rule {
	return Rule{holds: func(who *Identity, _ time.Time) *Error {
		return unless(who.HasOrganizationRole(organization, role), errOrg)
	}}
}

// Assurance holds for whoever signed in at this level or above: 1 is one factor,
// 2 two, 3 bound to hardware. Refusal: insufficient_assurance, with the acr_values
// a client asks for to get there (RFC 9470).
func Assurance(level int) Rule {
	need := *errAssurance
	need.assurance = level
	return Rule{holds: func(who *Identity, _ time.Time) *Error { return unless(who.Assurance >= level, &need) }}
}

// FreshWithin holds for whoever proved who they are at most d ago. Refusal:
// sign_in_again, with max_age (RFC 9470).
func FreshWithin(d time.Duration) Rule {
	need := *errFresh
	need.maxAge = d
	return Rule{holds: func(who *Identity, now time.Time) *Error {
		return unless(!who.AuthenticatedAt.IsZero() && now.Sub(who.AuthenticatedAt) <= d, &need)
	}}
}

// AnyOf holds when one of the rules does. Its refusal is that of the last one; of
// no rules none holds, and the refusal is missing_permission.
func AnyOf(rules ...Rule) Rule {
	return Rule{holds: func(who *Identity, now time.Time) *Error {
		last := errNoRule
		for _, r := range rules {
			if last = r.check(who, now); last == nil {
				return nil
			}
		}
		return last
	}}
}

func (r Rule) check(who *Identity, now time.Time) *Error {
	if r.holds == nil {
		return errNoRule
	}
	err := r.holds(who, now)
	if err != nil && err.Code == errScope.Code && err.scope == "" {
		named := *err
		named.scope = r.scope
		return &named
	}
	return err
}

// Check returns nil when all rules hold for who, and the *Error of the first that
// does not otherwise.
func (v *Verifier) Check(who *Identity, rules ...Rule) error {
	if e := holds(who, v.now(), rules); e != nil {
		return e
	}
	return nil
}

func holds(who *Identity, now time.Time, rules []Rule) *Error {
	for _, r := range rules {
		if err := r.check(who, now); err != nil {
			return err
		}
	}
	return nil
}

func unless(ok bool, e *Error) *Error {
	if ok {
		return nil
	}
	return e
}
