package rescue

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/user"
)

// Petition is a request as administrators are shown it.
type Petition struct {
	approval.Request
	Asks  Party // zero: the host
	About Party // zero: nobody, but the policy
	// Refusal is why the reader may not approve it, one of the errors of Approve, and
	// Undeniable why they may not deny it; nil: they may. Both are unknown in a list.
	Refusal, Undeniable error
}

// Party is somebody whom a request names. Of a deleted account the id is left.
type Party struct{ Name, Address string }

// DecidePath is where administrators look at a request in a browser.
func DecidePath(id approval.ID) string { return "/account/approvals?request=" + id.String() }

// Petitions is Requests with the names of who is concerned.
func (f *Flow) Petitions(ctx context.Context, by user.Caller, limit int) ([]Petition, error) {
	waiting, err := f.Requests(ctx, by, limit)
	if err != nil {
		return nil, err
	}
	all := make([]Petition, 0, len(waiting))
	for _, r := range waiting {
		p, err := f.petition(ctx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Petition is one that waits, and what the caller may do about it. Looking decides
// nothing. ErrNotAdmin, approval.ErrUnknown.
func (f *Flow) Petition(ctx context.Context, by user.Caller, id approval.ID) (Petition, error) {
	if err := f.allow(ctx, by, "approvals.get"); err != nil {
		return Petition{}, err
	}
	r, err := f.o.Read.Approvals().ByID(ctx, id, f.now())
	if err != nil {
		return Petition{}, err
	}
	p, err := f.petition(ctx, r)
	if err != nil {
		return p, err
	}
	p.Undeniable = approval.Deniable(r, by.User)
	p.Refusal, err = f.refusal(ctx, by, r)
	return p, err
}

func (f *Flow) petition(ctx context.Context, r approval.Request) (p Petition, err error) {
	p.Request = r
	if p.Asks, err = f.party(ctx, r.Requester); err != nil {
		return p, err
	}
	p.About, err = f.party(ctx, r.Subject)
	return p, err
}

func (f *Flow) party(ctx context.Context, id user.ID) (Party, error) {
	if id.IsZero() {
		return Party{}, nil
	}
	u, e, err := f.o.Read.Users().WithPrimary(ctx, id)
	if errors.Is(err, user.ErrUnknown) {
		return Party{Address: id.String()}, nil
	}
	if e.Address == "" {
		e.Address = id.String()
	}
	return Party{Name: u.Name, Address: e.Address}, err
}
