package people

import (
	"context"
	"errors"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/qr"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/trust"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Factors is the flow of second factors; see factor.Flow.
type Factors interface {
	List(ctx context.Context, by user.Caller) (factor.Factors, error)
	Begin(ctx context.Context, by user.Caller, p factor.Proof, name string) (factor.Enrolment, error)
	Confirm(ctx context.Context, by user.Caller, id totp.ID, code secret.Text, lang string) ([]secret.Text, error)
	Rename(ctx context.Context, by user.Caller, id totp.ID, name string) error
	Remove(ctx context.Context, by user.Caller, p factor.Proof, id totp.ID, lang string) error
	PhonesOn() (sms, voice bool)
	BeginPhone(ctx context.Context, by user.Caller, p factor.Proof, typed string, voice bool, lang string) (factor.Telephone, error)
	ConfirmPhone(ctx context.Context, by user.Caller, id phone.ID, code secret.Text, lang string) ([]secret.Text, error)
	RemovePhone(ctx context.Context, by user.Caller, p factor.Proof, id phone.ID, lang string) error
	Devices(ctx context.Context, by user.Caller) ([]trust.Device, error)
	ForgetDevice(ctx context.Context, by user.Caller, id trust.ID) error
	ForgetDevices(ctx context.Context, by user.Caller) (int, error)
	Renew(ctx context.Context, by user.Caller, p factor.Proof, lang string) ([]secret.Text, error)
}

const securityPath = "/account/security"

func (p *Pages) securityRoutes() []web.Route {
	post := func(path string, h action) web.Route {
		return web.Route{Pattern: "POST " + securityPath + path, Handler: p.act(h)}
	}
	return []web.Route{
		{Pattern: "GET " + securityPath, Handler: p.showSecurity},
		post("/add", p.addApp),
		post("/confirm", p.confirmApp),
		post("/rename", p.renameApp),
		post("/remove", p.removeApp),
		post("/phone/add", p.addPhone),
		post("/phone/confirm", p.confirmPhone),
		post("/phone/remove", p.removePhone),
		post("/codes", p.newCodes),
		post("/download", p.downloadCodes),
		post("/forget", p.forgetDevice),
	}
}

// showSecurity is GET /account/security.
func (p *Pages) showSecurity(w http.ResponseWriter, r *http.Request) error {
	v, err := p.securityView(r)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

func (p *Pages) securityView(r *http.Request) (page.Security, error) {
	have, err := p.o.Factors.List(r.Context(), web.Of(r).Caller)
	if err != nil {
		return page.Security{}, err
	}
	v := page.Security{Codes: have.Recovery.Left, CodesAt: have.Recovery.CreatedAt, Passkeys: len(have.Passkeys), Strong: web.Of(r).Identity.Assurance > 1}
	for _, d := range have.Apps {
		v.Apps = append(v.Apps, page.Authenticator{ID: d.ID.String(), Name: d.Name, Added: d.ConfirmedAt, Used: d.UsedAt})
	}
	kept, err := p.o.Factors.Devices(r.Context(), web.Of(r).Caller)
	if err != nil {
		return page.Security{}, err
	}
	for _, d := range kept {
		v.Devices = append(v.Devices, page.Remembered{
			ID: d.ID.String(), Browser: useragent.Describe(d.UserAgent), Place: d.Place, Since: d.CreatedAt, Until: d.ExpiresAt, LastUsed: d.UsedAt,
		})
	}
	for _, t := range have.Phones {
		v.Phones = append(v.Phones, page.Telephone{ID: t.ID.String(), Number: t.Number.Masked(), Added: t.ConfirmedAt, Used: t.UsedAt})
	}
	on, calls := p.o.Factors.PhonesOn()
	v.Calls, v.AddPhone = calls, on && len(have.Apps) == 0 && len(have.Phones) < phone.MaxPhones
	v.Recovering, err = p.recovering(r)
	return v, err
}

// calls reports whether a code may be read out in a call.
func (p *Pages) calls() bool {
	_, voice := p.o.Factors.PhonesOn()
	return voice
}

// byPhone reports whether the caller's second step is a code that is sent.
func (p *Pages) byPhone(r *http.Request) bool {
	have, err := p.o.Factors.List(r.Context(), web.Of(r).Caller)
	return err == nil && len(have.Apps) == 0 && len(have.Phones) > 0
}

// enrolled reports whether the caller's account asks for a second step.
func (p *Pages) enrolled(r *http.Request) bool {
	have, err := p.o.Factors.List(r.Context(), web.Of(r).Caller)
	return err == nil && have.Enrolled()
}

func (p *Pages) addApp(w http.ResponseWriter, r *http.Request, f form) error {
	return p.park(w, r, parked{Act: page.ActAddApp, Object: totp.CleanName(f["device-name"], "Authenticator")}, securityPath)
}

// enrolment is what the page of a new app carries along, sealed: the secret must be
// shown again after a wrong code.
type enrolment struct {
	ID, Name, Secret, URI string
	User                  string
}

func (p *Pages) doAddApp(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	e, err := p.o.Factors.Begin(r.Context(), web.Of(r).Caller, factor.Proof(proof), act.Object)
	if err != nil {
		return err
	}
	v, err := p.enrolView(enrolment{e.Device.ID.String(), e.Device.Name, e.Secret.Reveal(), e.URI, web.Of(r).Caller.User.String()})
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

func (p *Pages) enrolView(e enrolment) (page.Enrol, error) {
	image, err := qr.SVG(e.URI)
	if err != nil {
		return page.Enrol{}, err
	}
	return page.Enrol{Name: e.Name, Secret: grouped(e.Secret), QR: template.HTML(image), Flow: p.seal(sealEnrol, e)}, nil //nolint:gosec // drawn by us: paths and numbers
}

func grouped(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// confirmApp is POST /account/security/confirm.
func (p *Pages) confirmApp(w http.ResponseWriter, r *http.Request, f form) error {
	by := web.Of(r).Caller
	var e enrolment
	if !p.unseal(sealEnrol, f["flow"], &e) || e.User != by.User.String() {
		return signin.ErrFlow
	}
	id, err := totp.ParseID(e.ID)
	if err != nil {
		return signin.ErrFlow.Because(err)
	}
	codes, err := p.o.Factors.Confirm(r.Context(), by, id, secret.NewText(f["code"]), p.lang(r))
	if err != nil {
		v, drawn := p.enrolView(e)
		if drawn != nil {
			return errors.Join(err, drawn)
		}
		return p.again(w, r, at("code", err), p.own, func(form page.Form) page.View { v.Form = form; return v })
	}
	if codes == nil {
		p.flash(w, page.NoticeFactorAdded, e.Name)
		return p.to(w, securityPath)
	}
	return p.showCodes(w, r, codes)
}

// showCodes shows recovery codes, this once.
func (p *Pages) showCodes(w http.ResponseWriter, r *http.Request, codes []secret.Text) error {
	list := make([]string, len(codes))
	for i, c := range codes {
		list[i] = c.Reveal()
	}
	return p.own(w, r, http.StatusOK, page.Codes{List: list, Flow: p.seal(sealCodes, list)})
}

// downloadCodes is POST /account/security/download: the codes that the page before
// showed, as text.
func (p *Pages) downloadCodes(w http.ResponseWriter, _ *http.Request, f form) error {
	var list []string
	if !p.unseal(sealCodes, f["flow"], &list) || len(list) > recovery.Count {
		return signin.ErrFlow
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="recovery-codes.txt"`)
	h.Set("Cache-Control", "no-store")
	_, err := io.WriteString(w, strings.Join(list, "\r\n")+"\r\n")
	return err
}

func (p *Pages) renameApp(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := totp.ParseID(f["id"])
	if err != nil {
		return totp.ErrUnknown.Because(err)
	}
	if err := p.o.Factors.Rename(r.Context(), web.Of(r).Caller, id, f["device-name"]); err != nil {
		return err
	}
	p.flash(w, page.NoticeFactorRenamed, totp.CleanName(f["device-name"], "Authenticator"))
	return p.to(w, securityPath)
}

func (p *Pages) removeApp(w http.ResponseWriter, r *http.Request, f form) error {
	d, err := p.appOf(r, f["id"])
	if err != nil {
		return err
	}
	return p.park(w, r, parked{Act: page.ActRemoveApp, Object: d.Name, Format: d.ID.String()}, securityPath)
}

func (p *Pages) appOf(r *http.Request, id string) (totp.Device, error) {
	have, err := p.o.Factors.List(r.Context(), web.Of(r).Caller)
	if err != nil {
		return totp.Device{}, err
	}
	for _, d := range have.Apps {
		if d.ID.String() == id {
			return d, nil
		}
	}
	return totp.Device{}, totp.ErrUnknown
}

func (p *Pages) doRemoveApp(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	d, err := p.appOf(r, act.Format)
	if err != nil {
		return err
	}
	if err := p.o.Factors.Remove(r.Context(), web.Of(r).Caller, factor.Proof(proof), d.ID, p.lang(r)); err != nil {
		return err
	}
	p.flash(w, page.NoticeFactorRemoved, d.Name)
	return p.to(w, securityPath)
}

func (p *Pages) newCodes(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActNewCodes}, securityPath)
}

func (p *Pages) doNewCodes(w http.ResponseWriter, r *http.Request, _ parked, proof account.Proof) error {
	codes, err := p.o.Factors.Renew(r.Context(), web.Of(r).Caller, factor.Proof(proof), p.lang(r))
	if err != nil {
		return err
	}
	return p.showCodes(w, r, codes)
}
