package account

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// Allowed is what a person agreed that an app may do, with the words they know it by.
type Allowed struct {
	consent.Consent
	Name     string           // what the client is called; its id when it has no name
	Scopes   []resource.Scope // in the order agreed to; those that are gone have a name only
	LastUsed time.Time        // when the app last got tokens; zero: it has no sign-in now
}

// Consents returns what the caller agreed to, newest first.
func (f *Flow) Consents(ctx context.Context, by user.Caller) ([]Allowed, error) {
	return f.ConsentsOf(ctx, by.User)
}

// ConsentsOf is Consents for an account whose data the caller was allowed to see.
func (f *Flow) ConsentsOf(ctx context.Context, owner user.ID) ([]Allowed, error) {
	given, err := f.o.Read.Consents().Of(ctx, owner)
	if err != nil || len(given) == 0 {
		return nil, err
	}
	scopes, err := f.scopes(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := f.o.Grants.Of(ctx, owner)
	if err != nil {
		return nil, err
	}
	all := make([]Allowed, 0, len(given))
	for _, c := range given {
		a := Allowed{Consent: c, LastUsed: lastUse(grants, c.Client)}
		if a.Name, err = f.nameOf(ctx, c.Client); err != nil {
			return nil, err
		}
		for _, name := range c.Scopes {
			s := scopes[name]
			s.Name = name
			a.Scopes = append(a.Scopes, s)
		}
		all = append(all, a)
	}
	return all, nil
}

func lastUse(grants []token.Grant, client string) (last time.Time) {
	for _, g := range grants {
		if used := (App{Grant: g}).LastUsed(); g.Client == client && used.After(last) {
			last = used
		}
	}
	return last
}

// Withdraw takes back what the caller agreed that a client may do, and ends its
// grants with it (OA-47); it returns how many. consent.ErrNone.
func (f *Flow) Withdraw(ctx context.Context, by user.Caller, client string) (int, error) {
	now := f.now()
	ev := by.Event(consent.Withdrawn, now, by.User)
	ev.Client = client
	return f.o.Read.Consents().Withdraw(ctx, by.User, client, now, ev)
}
