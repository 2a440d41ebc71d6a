package people

import (
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showRecovery shows administrators a recovery that runs; why is what was wrong with
// the last try. One that is over leaves the list.
func (p *Pages) showRecovery(w http.ResponseWriter, r *http.Request, ref string, why error) error {
	id, err := recoveryID(ref)
	if err != nil {
		return p.listApprovals(w, r, err)
	}
	one, err := p.o.Rescue.Recovery(r.Context(), web.Of(r).Caller, id)
	if errors.Is(err, reclaim.ErrNone) {
		return p.listApprovals(w, r, rescue.ErrOver.Because(err))
	}
	if err != nil {
		return err
	}
	v := page.Recovery{Claim: p.claimView(one), Own: one.Own}
	if why == nil {
		return p.own(w, r, http.StatusOK, v)
	}
	return p.again(w, r, why, p.own, func(form page.Form) page.View { v.Form = form; return v })
}

func recoveryID(ref string) (reclaim.ID, error) {
	id, err := reclaim.ParseID(ref)
	if err != nil {
		return id, rescue.ErrOver.Because(err)
	}
	return id, nil
}

func (p *Pages) claimView(one rescue.Recovery) page.Claim {
	return page.Claim{
		ID: one.ID.String(), Kind: page.ClaimKind(one.Kind), About: contact(one.About),
		Started: one.StartedAt, Due: one.DueAt, Until: one.ExpiresAt, Delayed: one.DelayedAt, Ready: one.Claim.Due(p.o.Now()),
	}
}

// stopRecovery is POST /account/approvals/stop.
func (p *Pages) stopRecovery(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := recoveryID(f["id"])
	if err == nil {
		err = p.o.Rescue.DenyClaim(r.Context(), web.Of(r).Caller, id)
	}
	if err != nil {
		return p.showRecovery(w, r, f["id"], err)
	}
	p.flash(w, page.NoticeClaimEnded, "")
	return p.to(w, approvalsPath)
}

// askReset is POST /account/approvals/reset.
func (p *Pages) askReset(w http.ResponseWriter, r *http.Request, f form) error {
	asked, err := p.o.Rescue.RequestFor(r.Context(), web.Of(r).Caller, f["person"], f["reason"])
	if err != nil {
		return p.notAsked(w, r, f, err)
	}
	if asked.Decision == approval.Approved {
		p.flash(w, page.NoticeResetDone, asked.About.Address)
	} else {
		p.flash(w, page.NoticeResetAsked, "")
	}
	return p.to(w, approvalsPath)
}

func (p *Pages) notAsked(w http.ResponseWriter, r *http.Request, f form, err error) error {
	v, failed := p.approvalsView(r)
	if failed != nil {
		return failed
	}
	v.Person, v.Reason = clip(f["person"]), clip(f["reason"])
	switch {
	case errors.Is(err, rescue.ErrNobody):
		err = at("person", err)
	case errors.Is(err, approval.ErrReason):
		err = at("reason", err)
	}
	return p.again(w, r, err, p.own, func(form page.Form) page.View { v.Form = form; return v })
}
