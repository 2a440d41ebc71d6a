package rescue

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/user"
)

// Recovery is a live claim as administrators are shown it.
type Recovery struct {
	reclaim.Claim
	About Party
	Own   bool // it is the reader's account: proof stops it, see Stop
}

// RecoveryPath is where administrators look at a live claim in a browser.
func RecoveryPath(id reclaim.ID) string { return "/account/approvals?recovery=" + id.String() }

// Recoveries is Claims with the names of whose accounts they are.
func (f *Flow) Recoveries(ctx context.Context, by user.Caller, limit int) ([]Recovery, error) {
	live, err := f.Claims(ctx, by, limit)
	if err != nil {
		return nil, err
	}
	all := make([]Recovery, 0, len(live))
	for _, c := range live {
		one, err := f.recovery(ctx, by, c)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Recovery is one live claim. Looking changes nothing. ErrNotAdmin, reclaim.ErrNone.
func (f *Flow) Recovery(ctx context.Context, by user.Caller, id reclaim.ID) (Recovery, error) {
	if err := f.allow(ctx, by, "recoveries.get"); err != nil {
		return Recovery{}, err
	}
	c, err := f.o.Read.Reclaims().ByID(ctx, id)
	if err != nil {
		return Recovery{}, err
	}
	return f.recovery(ctx, by, c)
}

func (f *Flow) recovery(ctx context.Context, by user.Caller, c reclaim.Claim) (r Recovery, err error) {
	r.Claim, r.Own = c, !host(by) && by.User == c.User
	r.About, err = f.party(ctx, c.User)
	return r, err
}

// RequestFor is Request for whoever has a verified address, with the names of who is
// concerned. ErrNobody.
func (f *Flow) RequestFor(ctx context.Context, by user.Caller, address, reason string) (Petition, error) {
	if err := f.allow(ctx, by, "reset"); err != nil {
		return Petition{}, err
	}
	u, e, err := f.o.Read.Users().ByEmail(ctx, user.EmailKey(address))
	if errors.Is(err, user.ErrUnknown) || err == nil && !e.Verified() {
		return Petition{}, ErrNobody.Because(err)
	}
	if err != nil {
		return Petition{}, err
	}
	r, err := f.Request(ctx, by, u.ID, reason)
	if err != nil {
		return Petition{}, err
	}
	return f.petition(ctx, r)
}
