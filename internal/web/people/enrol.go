package people

import (
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/qr"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

const enrolPath = "/login/enrol"

func (p *Pages) enrolRoutes() []web.Route {
	post := func(path string, h action) web.Route {
		return web.Route{Pattern: "POST " + enrolPath + path, Access: web.Anyone, Handler: p.act(h)}
	}
	return []web.Route{
		{Pattern: "GET " + enrolPath, Access: web.Anyone, Handler: p.showEnrol},
		{Pattern: "GET " + enrolPath + "/soon", Handler: p.showEnrolSoon},
		post("", p.enrol),
		post("/app", p.offerApp),
		post("/passkey", p.offerKey),
	}
}

// showEnrol is GET /login/enrol: the sign-in of this browser ends in a new factor.
func (p *Pages) showEnrol(w http.ResponseWriter, r *http.Request) error {
	s, err := p.secondStep(r, "")
	if err != nil {
		return p.to(w, p.loginFor(r, s.ReturnTo))
	}
	return p.chooseEnrol(w, r, s, nil)
}

func (p *Pages) chooseEnrol(w http.ResponseWriter, r *http.Request, s step, why error) error {
	v := page.EnrolChoice{Passkey: p.o.Passkeys != nil && slices.Contains(p.o.SignIn.Enrollers(), "passkey"), Flow: p.seal(sealStep, s)}
	if why == nil {
		return p.Show(w, r, http.StatusOK, v)
	}
	return p.again(w, r, why, p.Show, func(form page.Form) page.View { v.Form = form; return v })
}

// enrolRequest is the half-done sign-in that a form carries. With ErrFlow comes what
// is known of the way back.
func (p *Pages) enrolRequest(r *http.Request, f form) (step, signin.Request, error) {
	s, err := p.secondStep(r, f["flow"])
	if err != nil {
		return s, signin.Request{}, err
	}
	in, err := p.secondRequest(r, s)
	in.Remember = f["remember-device"] == "yes"
	return s, in, err
}

// offered is what the page of a new app carries along, sealed: the secret must be
// shown again after a wrong code.
type offered struct{ Sealed, Secret, URI string }

// offerApp is POST /login/enrol/app.
func (p *Pages) offerApp(w http.ResponseWriter, r *http.Request, f form) error {
	s, in, err := p.enrolRequest(r, f)
	if err != nil {
		return p.fromTheStart(w, r, s, err)
	}
	o, err := p.o.SignIn.OfferFactor(r.Context(), in, "otp", "")
	if errors.Is(err, signin.ErrFlow) {
		return p.fromTheStart(w, r, s, err)
	}
	if err != nil {
		return p.chooseEnrol(w, r, s, err)
	}
	v, err := p.appView(r, s, in, offered{o.Sealed, o.Secret.Reveal(), o.URI})
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, v)
}

func (p *Pages) appView(r *http.Request, s step, in signin.Request, o offered) (page.EnrolApp, error) {
	image, err := qr.SVG(o.URI)
	if err != nil {
		return page.EnrolApp{}, err
	}
	until, err := p.o.SignIn.Remembers(r.Context(), in)
	return page.EnrolApp{
		Secret: grouped(o.Secret), QR: template.HTML(image), //nolint:gosec // drawn by us: paths and numbers
		Flow: p.seal(sealStep, s), Enrolment: p.seal(sealEnrol, o), Remember: until,
	}, err
}

// offerKey is POST /login/enrol/passkey.
func (p *Pages) offerKey(w http.ResponseWriter, r *http.Request, f form) error {
	s, in, err := p.enrolRequest(r, f)
	if err != nil {
		return p.fromTheStart(w, r, s, err)
	}
	o, err := p.o.SignIn.OfferFactor(r.Context(), in, "passkey", "")
	if errors.Is(err, signin.ErrFlow) {
		return p.fromTheStart(w, r, s, err)
	}
	if err != nil {
		return p.chooseEnrol(w, r, s, err)
	}
	text, err := json.Marshal(o.Passkey)
	if err != nil {
		return err
	}
	return p.Show(w, r, http.StatusOK, page.EnrolKey{Options: string(text), Flow: p.seal(sealStep, s)})
}

// enrol is POST /login/enrol: the first proof of the new factor.
func (p *Pages) enrol(w http.ResponseWriter, r *http.Request, f form) error {
	s, in, err := p.enrolRequest(r, f)
	if err != nil {
		return p.fromTheStart(w, r, s, err)
	}
	var o offered
	with := signin.NewFactor{Method: "passkey", Passkey: []byte(f["passkey"])}
	if f["passkey"] == "" {
		if !p.unseal(sealEnrol, f["enrolment"], &o) {
			return p.fromTheStart(w, r, s, signin.ErrFlow)
		}
		with = signin.NewFactor{Method: "otp", Sealed: o.Sealed, Code: secret.NewText(f["code"])}
	}
	res, err := p.o.SignIn.Enrol(r.Context(), in, with)
	switch {
	case err == nil:
		return p.finishEnrol(w, r, res, s)
	case errors.Is(err, signin.ErrFlow):
		return p.fromTheStart(w, r, s, err)
	case with.Passkey != nil:
		return p.chooseEnrol(w, r, s, err)
	}
	v, gone := p.appView(r, s, in, o)
	if errors.Is(gone, signin.ErrFlow) {
		return p.fromTheStart(w, r, s, gone)
	}
	if gone != nil {
		return errors.Join(gone, err)
	}
	return p.again(w, r, at("code", err), p.Show, func(form page.Form) page.View { v.Form = form; return v })
}

// finishEnrol is the end of it: recovery codes are shown by the answer that signs in.
func (p *Pages) finishEnrol(w http.ResponseWriter, r *http.Request, res signin.Result, s step) error {
	if res.Codes == nil {
		return p.entered(w, r, res, s)
	}
	if err := p.seated(w, r, res, s); err != nil {
		return err
	}
	list := make([]string, len(res.Codes))
	for i, c := range res.Codes {
		list[i] = c.Reveal()
	}
	f := p.bareFrame(r)
	f.CSRF = p.o.Frame.FormToken("session " + res.Session.ID.String()) // its forms are sent by who is signed in now
	return p.write(w, r, f, http.StatusOK, page.FirstCodes{List: list, Flow: p.seal(sealCodes, list), ReturnTo: s.ReturnTo})
}

// soon is the page that tells somebody until when they have to set up a second step.
func soon(due time.Time, returnTo string) string {
	q := url.Values{"due": {due.UTC().Format(time.RFC3339)}}
	if returnTo != "" {
		q.Set("return_to", returnTo)
	}
	return enrolPath + "/soon?" + q.Encode()
}

// showEnrolSoon is GET /login/enrol/soon.
func (p *Pages) showEnrolSoon(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	due, err := time.Parse(time.RFC3339, f["due"])
	if err != nil {
		return p.to(w, securityPath)
	}
	return p.Show(w, r, http.StatusOK, page.EnrolSoon{Due: due, ReturnTo: f.returnTo()})
}

// forgetDevice is POST /account/security/forget.
func (p *Pages) forgetDevice(w http.ResponseWriter, r *http.Request, f form) error {
	if err := p.distrust(r, f); err != nil {
		return err
	}
	p.flash(w, page.NoticeDeviceForgotten, "")
	return p.to(w, securityPath)
}

func (p *Pages) distrust(r *http.Request, f form) error {
	by := web.Of(r).Caller
	if f["all"] == "yes" {
		_, err := p.o.Factors.ForgetDevices(r.Context(), by)
		return err
	}
	id, err := trust.ParseID(f["id"])
	if err != nil {
		return trust.ErrUnknown.Because(err)
	}
	return p.o.Factors.ForgetDevice(r.Context(), by, id)
}
