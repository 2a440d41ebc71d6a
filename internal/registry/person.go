package registry

import (
	"context"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/user"
)

// Users is what the flow needs of user.Store.
type Users interface {
	ByID(ctx context.Context, id user.ID) (user.User, error)
	Emails(ctx context.Context, id user.ID) ([]user.Email, error)
}

// Person returns what can be told of an account, or user.ErrUnknown. A change of
// the account is told to all replicas like one of a client, so memory may answer.
func (r *Registry) Person(ctx context.Context, id user.ID) (claims.Person, error) {
	return answer(r, r.people, string(id[:]), func() (p claims.Person, err error) {
		u, err := r.o.Users.ByID(ctx, id)
		if err != nil {
			return p, err
		}
		emails, err := r.o.Users.Emails(ctx, id)
		if err != nil {
			return p, err
		}
		return PersonOf(u, emails), nil
	})
}

// PersonOf is what can be told of an account with these addresses.
func PersonOf(u user.User, emails []user.Email) claims.Person {
	p := claims.Person{Name: u.Name, Locale: u.Locale, TimeZone: u.TimeZone, UpdatedAt: u.UpdatedAt}
	for _, e := range emails {
		if e.Primary {
			p.Email, p.EmailVerified = e.Address, e.Verified()
		}
	}
	return p
}
