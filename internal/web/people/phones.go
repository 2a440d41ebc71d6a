package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// byCall reports whether a form asks for the code to be read out.
func byCall(f form) bool { return f["channel"] == "voice" }

// sendSecond is POST /login/second/send: a code to the phone of a half-done sign-in.
func (p *Pages) sendSecond(w http.ResponseWriter, r *http.Request, f form) error {
	s, err := p.secondStep(r, f["flow"])
	if err != nil {
		return err
	}
	in, err := p.secondRequest(r, s)
	if err != nil {
		return err
	}
	n, err := p.o.SignIn.SendCode(r.Context(), in, byCall(f))
	if err != nil {
		v, gone := p.secondView(r, s)
		if gone != nil {
			return p.fromTheStart(w, r, s, gone)
		}
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { v.Form = form; return v })
	}
	s.Purpose, s.Sent, s.Called = "sms", n.Masked(), byCall(f)
	return p.goOn(w, s, p.spoken(r, "/login/second"))
}

// sendConfirm is POST /account/confirm/send: a code for the act that waits.
func (p *Pages) sendConfirm(w http.ResponseWriter, r *http.Request, f form) error {
	act, err := p.parkedOf(r, f["flow"])
	if err != nil {
		return err
	}
	n, err := p.o.SignIn.SendProof(r.Context(), web.Of(r).Caller, p.lang(r), byCall(f))
	if err != nil {
		return p.again(w, r, err, p.own, func(form page.Form) page.View { return p.confirmView(r, form, act) })
	}
	act.Sent, act.Called = n.Masked(), byCall(f)
	return p.own(w, r, http.StatusOK, p.confirmView(r, page.Form{}, act))
}

// sendAgain is POST /login/again/send: a code for proving the session once more.
func (p *Pages) sendAgain(w http.ResponseWriter, r *http.Request, f form) error {
	if web.Of(r).Identity == nil {
		p.flash(w, page.NoticeSignInAgain, "")
		return p.to(w, p.loginFor(r, f.returnTo()))
	}
	n, err := p.o.SignIn.SendProof(r.Context(), web.Of(r).Caller, p.lang(r), byCall(f))
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.againView(r, form, f) })
	}
	v := p.againView(r, page.Form{}, f)
	v.Sent, v.Called = n.Masked(), byCall(f)
	return p.Show(w, r, http.StatusOK, v)
}

// addPhone is POST /account/security/phone/add. A number that is none is told before
// anything is asked for.
func (p *Pages) addPhone(w http.ResponseWriter, r *http.Request, f form) error {
	n, err := phone.Parse(clip(f["phone-number"]))
	if err != nil {
		v, gone := p.securityView(r)
		if gone != nil {
			return gone
		}
		return p.again(w, r, at("phone-number", err), p.own, func(form page.Form) page.View { v.Form = form; return v })
	}
	return p.park(w, r, parked{Act: page.ActAddPhone, Object: string(n), Format: f["channel"]}, securityPath)
}

// pendingPhone is what the page of a new phone carries along, sealed.
type pendingPhone struct {
	ID, Number, User string
	Called           bool `json:",omitempty"`
}

func (p *Pages) doAddPhone(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	by, called := web.Of(r).Caller, act.Format == "voice"
	t, err := p.o.Factors.BeginPhone(r.Context(), by, factor.Proof(proof), act.Object, called, p.lang(r))
	if err != nil {
		return err
	}
	flow := p.seal(sealEnrol, pendingPhone{t.ID.String(), t.Number.Masked(), by.User.String(), called})
	return p.own(w, r, http.StatusOK, page.EnrolPhone{Number: t.Number.Masked(), Called: called, Flow: flow})
}

// confirmPhone is POST /account/security/phone/confirm.
func (p *Pages) confirmPhone(w http.ResponseWriter, r *http.Request, f form) error {
	by := web.Of(r).Caller
	var e pendingPhone
	if !p.unseal(sealEnrol, f["flow"], &e) || e.User != by.User.String() {
		return signin.ErrFlow
	}
	id, err := phone.ParseID(e.ID)
	if err != nil {
		return signin.ErrFlow.Because(err)
	}
	codes, err := p.o.Factors.ConfirmPhone(r.Context(), by, id, secret.NewText(f["code"]), p.lang(r))
	if err != nil {
		return p.again(w, r, at("code", err), p.own, func(form page.Form) page.View {
			return page.EnrolPhone{Form: form, Number: e.Number, Called: e.Called, Flow: f["flow"]}
		})
	}
	if codes == nil {
		p.flash(w, page.NoticeFactorAdded, e.Number)
		return p.to(w, securityPath)
	}
	return p.showCodes(w, r, codes)
}

func (p *Pages) removePhone(w http.ResponseWriter, r *http.Request, f form) error {
	t, err := p.phoneOf(r, f["id"])
	if err != nil {
		return err
	}
	return p.park(w, r, parked{Act: page.ActRemovePhone, Object: t.Number.Masked(), Format: t.ID.String()}, securityPath)
}

func (p *Pages) phoneOf(r *http.Request, id string) (factor.Telephone, error) {
	have, err := p.o.Factors.List(r.Context(), web.Of(r).Caller)
	if err != nil {
		return factor.Telephone{}, err
	}
	for _, t := range have.Phones {
		if t.ID.String() == id {
			return t, nil
		}
	}
	return factor.Telephone{}, phone.ErrUnknown
}

func (p *Pages) doRemovePhone(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	t, err := p.phoneOf(r, act.Format)
	if err != nil {
		return err
	}
	if err := p.o.Factors.RemovePhone(r.Context(), web.Of(r).Caller, factor.Proof(proof), t.ID, p.lang(r)); err != nil {
		return err
	}
	p.flash(w, page.NoticeFactorRemoved, act.Object)
	return p.to(w, securityPath)
}
