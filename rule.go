package mortise

import (
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/verify"
)

// Rule is one condition of Require. All of them must hold; AnyOf asks for one.
type Rule struct {
	holds func(who *Identity, now time.Time) error
}

var (
	errRole     = problem.New(problem.Forbidden, "missing_role", "Your account does not have the role this needs. Ask an administrator for it.")
	errPerm     = problem.New(problem.Forbidden, "missing_permission", "Your account may not do this. Ask an administrator for a role that permits it.")
	errOrg      = problem.New(problem.Forbidden, "missing_organization", "You are not a member of the organisation this belongs to, or lack the role there.")
	errScope    = problem.New(problem.Forbidden, "missing_scope", "This access token does not cover that. Ask for a token with the scope this needs.")
	errSession  = problem.New(problem.Forbidden, "session_needed", "This is for people who are signed in here, not for programs with a token.")
	errStrength = problem.New(problem.Forbidden, "stronger_sign_in_needed", "This needs a stronger sign-in than yours. Sign in with another factor.")
	errFresh    = problem.New(problem.Forbidden, "sign_in_again", "This needs a recent sign-in. Sign in again and repeat it.")
)

// Role holds for whoever has the instance-wide role. Refusal: missing_role.
func Role(name string) Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		if who.HasRole(name) {
			return nil
		}
		return errRole.Comparing(name, strings.Join(who.Roles(), " "))
	}}
}

// Permission holds for whoever has a role that permits name. Refusal:
// missing_permission.
func Permission(name string) Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		if who.HasPermission(name) {
			return nil
		}
		return errPerm.Comparing(name, strings.Join(who.Permissions(), " "))
	}}
}

// Scope holds for access tokens that were granted every one of names. Sessions have
// no scopes: combine it with AnyOf and BySession. Refusal: missing_scope.
func Scope(names ...string) Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		for _, name := range names {
			if !who.HasScope(name) {
				return errScope.Comparing(strings.Join(names, " "), strings.Join(who.Scopes(), " "))
			}
		}
		return nil
	}}
}

// BySession holds for people with a session's cookie, whose authority no scope
// narrows. Refusal: session_needed.
func BySession() Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		if who.Kind == verify.User && who.CredentialID == "" {
			return nil
		}
		return errSession
	}}
}

// Assurance holds for whoever proved who they are with at least that many
// factors: 1, 2, or 3 for a hardware-bound one. Browsers are sent to take their
// second step, or to set one up; the refusal for programs is
// stronger_sign_in_needed.
func Assurance(level int) Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		if who.Assurance >= level {
			return nil
		}
		wanted := strconv.Itoa(level)
		return errStrength.Because(&web.StepUp{ACR: wanted}).Comparing(wanted, strconv.Itoa(who.Assurance))
	}}
}

// InOrganization holds for members of the organisation with this slug or id who
// have the role there; an empty role asks for membership only. Refusal:
// missing_organization.
func InOrganization(organization, role string) Rule {
	return Rule{func(who *Identity, _ time.Time) error {
		if who.HasOrganizationRole(organization, role) {
			return nil
		}
		return errOrg.Comparing(strings.TrimSpace(organization+" "+role), memberships(who))
	}}
}

// FreshWithin holds for whoever proved who they are at most d ago. Browsers are
// sent to sign in again; the refusal for programs is sign_in_again.
func FreshWithin(d time.Duration) Rule {
	return Rule{func(who *Identity, now time.Time) error {
		if age := now.Sub(who.AuthenticatedAt); age > d {
			return errFresh.Because(&web.StepUp{MaxAge: d}).Comparing("at most "+d.String(), age.Truncate(time.Second).String())
		}
		return nil
	}}
}

// AnyOf holds when one of the rules does. Its refusal is that of the last one; of
// no rules none holds, and the refusal is missing_permission.
func AnyOf(rules ...Rule) Rule {
	return Rule{func(who *Identity, now time.Time) (err error) {
		err = errPerm
		for _, r := range rules {
			if err = r.holds(who, now); err == nil {
				return nil
			}
		}
		return err
	}}
}

// memberships are an identity's organisations with the roles held there, in words.
func memberships(who *Identity) string {
	var all []string
	for _, o := range who.Organizations() {
		all = append(all, o.Slug+"("+strings.Join(o.Roles, " ")+")")
	}
	return strings.Join(all, " ")
}
