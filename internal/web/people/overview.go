package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// recent is how many events the overview shows.
const recent = 5

// overview is GET /account.
func (p *Pages) overview(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), web.Of(r).Caller
	since, compromised, err := p.o.Account.PasswordState(ctx, by)
	if err != nil {
		return err
	}
	have, waiting, err := p.o.Account.Emails(ctx, by)
	if err != nil {
		return err
	}
	live, err := p.o.Account.Sessions(ctx, by)
	if err != nil {
		return err
	}
	raw, err := p.o.Account.Events(ctx, by, audit.ID{}, pageSize)
	if err != nil {
		return err
	}
	events := shown(raw)
	v := page.Account{
		Health:  page.Health{PasswordChanged: since, Compromised: compromised, Sessions: len(live)},
		Pending: pending(waiting),
		Recent:  events[:min(recent, len(events))],
	}
	if v.Recovering, err = p.recovering(r); err != nil {
		return err
	}
	if v.Administers, v.Deciding, err = p.deciding(r); err != nil {
		return err
	}
	keyed := p.hasPasskey(r)
	v.Offer = p.o.Passkeys != nil && !keyed
	v.Health.Keyless = keyed && since.IsZero()
	sole, err := p.sole(r)
	if err != nil {
		return err
	}
	v.Health.Sole = !sole.IsZero()
	v.Health.Verified, v.Health.Unverified = count(have)
	return p.own(w, r, http.StatusOK, v)
}

func pending(waiting []account.Pending) (all []page.Pending) {
	for _, w := range waiting {
		all = append(all, page.Pending{Kind: page.PendingAddress, Email: w.Address, Due: w.ExpiresAt})
	}
	return all
}

func count(have []user.Email) (verified, unverified int) {
	for _, e := range have {
		if e.Verified() {
			verified++
		} else {
			unverified++
		}
	}
	return verified, unverified
}
