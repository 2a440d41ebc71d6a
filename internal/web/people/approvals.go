package people

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

const approvalsPath = "/account/approvals"

// timeToType is what a form with words to find should leave before its reader has to
// prove themselves again, which would lose them.
const timeToType = 3 * time.Minute

// mostListed bounds each list: the oldest come first.
const mostListed = 50

// approvalRoutes are for administrators whose sign-in is recent, as the API's are.
// Who may decide what is for package rescue to say.
func (p *Pages) approvalRoutes() []web.Route {
	post := func(path string, h action) web.Route {
		return web.Route{Pattern: "POST " + approvalsPath + path, Access: web.Admin, Handler: p.act(h)}
	}
	return []web.Route{
		{Pattern: "GET " + approvalsPath, Access: web.Admin, Handler: p.showApprovals},
		post("/approve", p.approve),
		post("/deny", p.deny),
		post("/reset", p.askReset),
		post("/stop", p.stopRecovery),
	}
}

// showApprovals is GET /account/approvals: all that waits and runs or, from the mail
// to the administrators, one request or recovery. It changes nothing.
func (p *Pages) showApprovals(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if f["request"] != "" {
		return p.showApproval(w, r, f["request"], nil)
	}
	if f["recovery"] != "" {
		return p.showRecovery(w, r, f["recovery"], nil)
	}
	return p.listApprovals(w, r, nil)
}

func (p *Pages) approvalsView(r *http.Request) (v page.Approvals, err error) {
	by := web.Of(r).Caller
	waiting, err := p.o.Rescue.Petitions(r.Context(), by, mostListed)
	if err != nil {
		return v, err
	}
	for _, one := range waiting {
		v.List = append(v.List, petitionView(one))
	}
	running, err := p.o.Rescue.Recoveries(r.Context(), by, mostListed)
	if err != nil {
		return v, err
	}
	for _, one := range running {
		v.Running = append(v.Running, p.claimView(one))
	}
	policy, err := p.o.Rescue.Policy(r.Context())
	if policy.Reset == reclaim.ByNobody {
		v.Off = rescue.ErrResetOff
	}
	return v, err
}

func (p *Pages) listApprovals(w http.ResponseWriter, r *http.Request, why error) error {
	v, err := p.approvalsView(r)
	if err != nil {
		return err
	}
	v.Stale = p.o.Frame.MayChange(r) < timeToType
	status := http.StatusOK
	if why != nil {
		v.Problem = problem.Of(why)
		status = v.Problem.Kind.Status()
		web.Of(r).Refused(why)
	}
	return p.own(w, r, status, v)
}

// deciding reports whether the reader administers, and whether something waits then.
func (p *Pages) deciding(r *http.Request) (administers, waits bool, err error) {
	q := web.Of(r)
	if q.Identity == nil || !q.Identity.HasRole(rbac.Admin) {
		return false, false, nil
	}
	some, err := p.o.Rescue.Petitions(r.Context(), q.Caller, 1)
	return true, len(some) > 0, err
}

// showApproval shows a request; why is what was wrong with the last try. One that
// waits no more leaves the list.
func (p *Pages) showApproval(w http.ResponseWriter, r *http.Request, ref string, why error) error {
	by := web.Of(r).Caller
	id, err := approvalID(ref)
	if err != nil {
		return p.listApprovals(w, r, err)
	}
	one, err := p.o.Rescue.Petition(r.Context(), by, id)
	if errors.Is(err, approval.ErrUnknown) {
		return p.listApprovals(w, r, err)
	}
	if err != nil {
		return err
	}
	weak, keyed := errors.Is(one.Refusal, approval.ErrWeak), p.hasPasskey(r)
	v := page.Approval{
		Petition: petitionView(one), Refusal: problem.Of(one.Refusal), Prove: weak && keyed, Keyless: weak && !keyed,
		Undeniable: one.Undeniable != nil, Own: one.Requester == by.User,
	}
	if why == nil {
		return p.own(w, r, http.StatusOK, v)
	}
	return p.again(w, r, why, p.own, func(form page.Form) page.View { v.Form = form; return v })
}

func approvalID(ref string) (approval.ID, error) {
	id, err := approval.ParseID(ref)
	if err != nil {
		return id, approval.ErrUnknown.Because(err)
	}
	return id, nil
}

func petitionView(one rescue.Petition) page.Petition {
	v := page.Petition{
		ID: one.ID.String(), Kind: page.PetitionKind(one.Kind), Asks: contact(one.Asks), About: contact(one.About),
		Reason: one.Reason, Asked: one.CreatedAt, Until: one.ExpiresAt,
	}
	if p, err := reclaim.ParsePolicy(one.Payload); err == nil && one.Kind == approval.Policy {
		v.Policy.Reset = page.Administrators(p.Reset)
		if p.Wait > 0 {
			v.Policy.Wait = hours(p.Wait)
		}
	}
	return v
}

// hours is a waiting time, as the command line takes it.
func hours(d time.Duration) string { return strings.TrimSuffix(d.Round(time.Hour).String(), "0m0s") }

func contact(p rescue.Party) page.Contact { return page.Contact{Name: p.Name, Email: p.Address} }

// approve is POST /account/approvals/approve.
func (p *Pages) approve(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := approvalID(f["id"])
	if err == nil {
		_, err = p.o.Rescue.Approve(r.Context(), web.Of(r).Caller, id)
	}
	return p.decided(w, r, f["id"], page.NoticeApproved, err)
}

// deny is POST /account/approvals/deny.
func (p *Pages) deny(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := approvalID(f["id"])
	if err == nil {
		err = p.o.Rescue.Deny(r.Context(), web.Of(r).Caller, id)
	}
	return p.decided(w, r, f["id"], page.NoticeDenied, err)
}

func (p *Pages) decided(w http.ResponseWriter, r *http.Request, ref string, done page.Notice, err error) error {
	if err != nil {
		return p.showApproval(w, r, ref, err)
	}
	p.flash(w, done, "")
	return p.to(w, approvalsPath)
}
