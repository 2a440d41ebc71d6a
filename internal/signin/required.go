package signin

import (
	"context"
	"slices"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
)

// ErrSSORequired: an organisation of theirs requires its own sign-in. Only who has just
// proven the account is told.
var ErrSSORequired = problem.New(problem.Forbidden, "sso_required", "Your organisation asks you to sign in with its own service. Continue with your e-mail address and no password.")

// Upstream is whom the sign-in service of an organisation has vouched for in this
// browser, and whose link waits for a proof of the account that has the address. What
// the flow federate keeps says so, never what a request says of itself.
type Upstream struct {
	Organization string // org_…; empty: nobody was
	Email        string
}

// unbound is ErrSSORequired, in the transaction of a birth, when an organisation requires
// of this account that sessions begin with a link of its connections and this one does
// not (TH-40). Who has just been there may prove an account for the link that waits: that
// is the proof without which nothing is linked.
func (f *Flow) unbound(ctx context.Context, tx Tx, r Request, b *birth) error {
	bound, err := elsewhere(ctx, tx, r.Upstream, b.attempt.Account.ID, b.origin)
	if err == nil && bound {
		return ErrSSORequired
	}
	return err
}

// elsewhere reports whether an account is bound to sign in by an organisation of its own,
// and this is none of them: what a session would begin with, or whose service u has been at.
func elsewhere(ctx context.Context, tx Tx, u Upstream, owner user.ID, o *federation.Origin) (bool, error) {
	bound, err := tx.Organizations().Bound(ctx, owner)
	if err != nil || len(bound) == 0 {
		return false, err
	}
	by, err := broughtBy(ctx, tx, owner, o)
	if err == nil && by == "" {
		by, err = waitsFor(ctx, tx, u, owner)
	}
	return !slices.ContainsFunc(bound, func(id organization.ID) bool { return id.String() == by }), err
}

// broughtBy is the organisation of the connection that a session begins with.
func broughtBy(ctx context.Context, tx Tx, owner user.ID, o *federation.Origin) (string, error) {
	if o == nil {
		return "", nil
	}
	links, err := tx.Federation().LinksOf(ctx, owner)
	i := slices.IndexFunc(links, func(l federation.Link) bool { return l.ID == o.Link })
	if err != nil || i < 0 {
		return "", err
	}
	c, err := tx.Federation().ByID(ctx, links[i].Connection)
	return c.Organization, err
}

func waitsFor(ctx context.Context, tx Tx, u Upstream, owner user.ID) (string, error) {
	if u.Organization == "" {
		return "", nil
	}
	emails, err := tx.Users().Emails(ctx, owner)
	key := user.EmailKey(u.Email)
	if err != nil || !slices.ContainsFunc(emails, func(e user.Email) bool { return e.Key == key }) {
		return "", err
	}
	return u.Organization, nil
}
