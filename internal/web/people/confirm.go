package people

import (
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// parked is an act that waits for the password (TH-36). It is sealed into the
// form that asks for it, so nothing is kept here, and bound to the account and
// session that asked. Performing it needs the password in the same request, so
// a form that is sent again proves no less than it did the first time.
type parked struct {
	Act     page.Act
	Object  string `json:",omitempty"` // the address it is about
	Format  string `json:",omitempty"` // of an export; voice: a new phone is called
	Proven  bool   `json:",omitempty"` // they have just signed in for it: no proof is asked
	Back    string // where "cancel" leads
	User    string
	Sent    string `json:",omitempty"` // the phone that a code was sent to, masked
	Called  bool   `json:",omitempty"` // in a call
	Session string
	Until   time.Time
}

// parkedLife is how long a page that asks for the password can be answered.
const parkedLife = 10 * time.Minute

// park asks for the password.
func (p *Pages) park(w http.ResponseWriter, r *http.Request, act parked, back string) error {
	by := web.Of(r).Caller
	act.User, act.Session, act.Back, act.Until = by.User.String(), by.Session, back, p.o.Now().Add(parkedLife)
	return p.own(w, r, http.StatusOK, p.confirmView(r, page.Form{}, act))
}

func (p *Pages) confirmView(r *http.Request, again page.Form, act parked) page.Confirm {
	code := fully[act.Act] && p.enrolled(r)
	return page.Confirm{
		Phone: code && p.byPhone(r), Sent: act.Sent, Calls: p.calls(), Called: act.Called,
		Form: again, Username: web.Of(r).Identity.Email, Act: act.Act, Object: p.objectOf(act),
		Flow: p.seal(sealAct, act), Back: act.Back, Code: code, Passkey: p.hasPasskey(r) && !act.Proven,
		NoPassword: p.noPassword(r), Services: p.servicesFor(r, act), Proven: act.Proven,
	}
}

// hasPasskey reports whether a passkey may be the proof.
func (p *Pages) hasPasskey(r *http.Request) bool {
	have, err := p.o.Account.Passkeys(r.Context(), web.Of(r).Caller)
	return err == nil && len(have) > 0
}

// noPassword reports whether the caller's account has none. What cannot be told
// counts as a password.
func (p *Pages) noPassword(r *http.Request) bool {
	since, _, err := p.o.Account.PasswordState(r.Context(), web.Of(r).Caller)
	return err == nil && since.IsZero()
}

// confirm is POST /account/confirm: password and parked act together.
func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, f form) error {
	act, err := p.parkedOf(r, f["flow"])
	if err != nil {
		return err
	}
	perform, ok := p.acts()[act.Act]
	if !ok {
		return signin.ErrFlow
	}
	proof := proofOf(f)
	if proof.Federated, err = p.serviceProof(r, f, f["flow"]); err == nil {
		err = perform(w, r, act, proof)
	}
	if err == nil {
		return nil
	}
	return p.again(w, r, confirmFault(err), p.own, func(form page.Form) page.View { return p.confirmView(r, form, act) })
}

// parkedOf opens an act that is this session's, in its time.
func (p *Pages) parkedOf(r *http.Request, flow string) (parked, error) {
	by := web.Of(r).Caller
	var act parked
	if !p.unseal(sealAct, flow, &act) || act.User != by.User.String() || act.Session != by.Session || !p.o.Now().Before(act.Until) {
		return parked{}, signin.ErrFlow
	}
	return act, nil
}

// servicesFor are those that can prove an act.
func (p *Pages) servicesFor(r *http.Request, act parked) []page.Service {
	if act.Proven {
		return nil
	}
	return p.proofs(r)
}

// fully are the acts that need every step of a sign-in (PW-46).
var fully = map[page.Act]bool{page.ActAddApp: true, page.ActRemoveApp: true, page.ActNewCodes: true, page.ActAddPhone: true, page.ActRemovePhone: true, page.ActAddPasskey: true, page.ActRemovePasskey: true, page.ActRemovePassword: true, page.ActLink: true, page.ActUnlink: true, page.ActStopRecovery: true}

func confirmFault(err error) error {
	if e := signin.ErrSecond; e.Is(err) {
		return at("code", err)
	}
	if e := signin.ErrConfirmation; e.Is(err) {
		return at("password", err)
	}
	return err
}

// proven is a proof as the sign-in flow takes it.
func proven(by user.Caller, p account.Proof) signin.Response {
	r := signin.Response{Password: p.Password, Federated: p.Federated}
	r.OTP, r.Recovery = signin.Typed(p.Code)
	if p.Passkey != nil {
		r.Passkey = &signin.Passkey{Purpose: passkey.Confirm, Bound: account.ConfirmBound(by), Credential: p.Passkey}
	}
	return r
}

// acts performs each parked act: one flow call with the password, then the answer.
func (p *Pages) acts() map[page.Act]func(http.ResponseWriter, *http.Request, parked, account.Proof) error {
	return map[page.Act]func(http.ResponseWriter, *http.Request, parked, account.Proof) error{
		page.ActAddAddress:     p.doAddAddress,
		page.ActPrimary:        p.doPrimary,
		page.ActRemove:         p.doRemove,
		page.ActExport:         p.doExport,
		page.ActDelete:         p.doDelete,
		page.ActEndAll:         p.doEndAll,
		page.ActAddPasskey:     p.doOfferPasskey,
		page.ActRemovePasskey:  p.doRemovePasskey,
		page.ActAddApp:         p.doAddApp,
		page.ActRemovePassword: p.doRemovePassword,
		page.ActRemoveApp:      p.doRemoveApp,
		page.ActNewCodes:       p.doNewCodes,
		page.ActAddPhone:       p.doAddPhone,
		page.ActRemovePhone:    p.doRemovePhone,
		page.ActLink:           p.doLink,
		page.ActUnlink:         p.doUnlink,
		page.ActStopRecovery:   p.doStopReclaim,
	}
}

func (p *Pages) doAddAddress(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	flow, err := p.o.Account.AddEmail(r.Context(), web.Of(r).Caller, proof, act.Object, p.lang(r))
	if err != nil {
		return err
	}
	return p.askAddressCode(w, act.Object, flow)
}

func (p *Pages) doPrimary(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	if err := p.o.Account.MakePrimary(r.Context(), web.Of(r).Caller, proof, act.Object, p.lang(r)); err != nil {
		return err
	}
	p.flash(w, page.NoticePrimaryChanged, act.Object)
	return p.to(w, "/account/addresses")
}

func (p *Pages) doRemove(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	if err := p.o.Account.RemoveEmail(r.Context(), web.Of(r).Caller, proof, act.Object, p.lang(r)); err != nil {
		return err
	}
	p.flash(w, page.NoticeAddressRemoved, act.Object)
	return p.to(w, "/account/addresses")
}

func (p *Pages) doDelete(w http.ResponseWriter, r *http.Request, _ parked, proof account.Proof) error {
	due, err := p.o.Account.RequestDeletion(r.Context(), web.Of(r).Caller, proof, p.lang(r))
	if err != nil {
		return err
	}
	p.flash(w, page.NoticeDeletionScheduled, due.Format(time.DateOnly))
	return p.signedOut(w, "", "/logout?scope=all") // a deletion ends every session
}

func (p *Pages) doEndAll(w http.ResponseWriter, r *http.Request, _ parked, proof account.Proof) error {
	by := web.Of(r).Caller
	if _, err := p.o.SignIn.Confirm(r.Context(), by, proven(by, proof)); err != nil {
		return err
	}
	bye, err := p.parting(r)
	if err != nil {
		return err
	}
	if _, err := p.o.Account.EndEverywhere(r.Context(), by); err != nil {
		return err
	}
	if bye.Address != "" {
		return p.signedOutThere(w, r, bye, true)
	}
	return p.signedOut(w, "", "/logout?scope=all")
}

// objectOf is what the page says an act is about.
func (p *Pages) objectOf(act parked) string {
	if act.Act == page.ActRemovePasskey {
		return ""
	}
	return act.Object
}
