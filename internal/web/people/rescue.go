package people

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/qr"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Rescue is the flow of getting back in without factors; see rescue.Flow.
type Rescue interface {
	Begin(ctx context.Context, by user.Caller, link secret.Token, lang string) (reclaim.Claim, error)
	Peek(ctx context.Context, by user.Caller, veto secret.Token) (reclaim.Claim, error)
	Object(ctx context.Context, by user.Caller, veto secret.Token) (reclaim.Claim, error)
	ObjectTo(ctx context.Context, by user.Caller) (reclaim.Claim, error)
	Running(ctx context.Context, owner user.ID) (reclaim.Claim, error)
	Stop(ctx context.Context, by user.Caller, p rescue.Proof) (stopped bool, err error)
	Shown(ctx context.Context, by user.Caller, token secret.Token, enrolment string) (rescue.Offer, error)
	Finish(ctx context.Context, by user.Caller, in rescue.Completion) ([]secret.Text, error)
	Petitions(ctx context.Context, by user.Caller, limit int) ([]rescue.Petition, error)
	Petition(ctx context.Context, by user.Caller, id approval.ID) (rescue.Petition, error)
	Approve(ctx context.Context, by user.Caller, id approval.ID) (approval.Request, error)
	Deny(ctx context.Context, by user.Caller, id approval.ID) error
	Policy(ctx context.Context) (reclaim.Policy, error)
	RequestFor(ctx context.Context, by user.Caller, address, reason string) (rescue.Petition, error)
	Recoveries(ctx context.Context, by user.Caller, limit int) ([]rescue.Recovery, error)
	Recovery(ctx context.Context, by user.Caller, id reclaim.ID) (rescue.Recovery, error)
	DenyClaim(ctx context.Context, by user.Caller, id reclaim.ID) error
}

const reclaimPath = "/account/recovery"

func (p *Pages) rescueRoutes() []web.Route {
	get := func(path string, a web.Access, h web.Handler) web.Route {
		return web.Route{Pattern: "GET " + path, Access: a, Handler: h}
	}
	post := func(path string, a web.Access, h action) web.Route {
		return web.Route{Pattern: "POST " + path, Access: a, Handler: p.act(h)}
	}
	return []web.Route{
		get("/recover/lost", web.Anyone, p.showLost),
		post("/recover/lost", web.Anyone, p.beginLost),
		get("/recover/veto", web.Anyone, p.showVeto),
		post("/recover/veto", web.Anyone, p.veto),
		get("/recover/finish", web.Anyone, p.showFinish),
		post("/recover/finish", web.Anyone, p.finish),
		get(reclaimPath, web.SignedIn, p.showReclaim),
		post(reclaimPath+"/stop", web.SignedIn, p.stopReclaim),
		post(reclaimPath+"/object", web.SignedIn, p.objectToReclaim),
	}
}

// beginLost is POST /recover/lost, from the page of a password reset.
func (p *Pages) beginLost(w http.ResponseWriter, r *http.Request, f form) error {
	about, err := p.peek(r, proof.Recover, f["token"])
	if err != nil {
		return p.dead(w, r, page.LinkRecover, err)
	}
	link, err := linkToken(proof.Recover, f["token"])
	if err != nil {
		return err
	}
	c, err := p.o.Rescue.Begin(r.Context(), stranger(r), link, p.lang(r))
	if errors.Is(err, proof.ErrExpired) {
		return p.dead(w, r, page.LinkRecover, err)
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return p.recoverView(form, about, f["token"]) })
	}
	s := step{Kind: stepReclaim, Purpose: c.DueAt.Format(time.RFC3339)}
	if c.Due(p.o.Now()) {
		s.Purpose = ""
	}
	return p.goOn(w, s, "/recover/lost")
}

// showLost is GET /recover/lost: the good end of starting.
func (p *Pages) showLost(w http.ResponseWriter, r *http.Request) error {
	s, err := p.stepOf(r, "", stepReclaim)
	if err != nil {
		return p.to(w, "/recover")
	}
	due, err := time.Parse(time.RFC3339, s.Purpose)
	return p.Show(w, r, http.StatusOK, page.Reclaiming{Due: due, Ready: err != nil})
}

// over answers a link of a recovery that is over, or never was.
func (p *Pages) over(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, reclaim.ErrNone) {
		return err
	}
	return p.dead(w, r, page.LinkRecover, proof.ErrExpired.Because(err))
}

// claimToken reads the secret of a mailed link; one that no mint made fits nothing.
func claimToken(purpose secret.Purpose, text string) secret.Token {
	t, err := secret.Parse(purpose, text)
	if err != nil {
		return secret.New(purpose)
	}
	return t
}

// showVeto is GET /recover/veto, from the messages about a recovery. It changes
// nothing.
func (p *Pages) showVeto(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	if s, err := p.stepOf(r, "", stepObjected); err == nil && f["token"] == "" {
		due, _ := time.Parse(time.RFC3339, s.Purpose)
		return p.Show(w, r, http.StatusOK, page.Objected{Due: due})
	}
	c, err := p.o.Rescue.Peek(r.Context(), stranger(r), claimToken(reclaim.Veto, f["token"]))
	if err != nil {
		return p.over(w, r, err)
	}
	return p.Show(w, r, http.StatusOK, objectionView(page.Form{}, c, f["token"]))
}

func objectionView(again page.Form, c reclaim.Claim, token string) page.Objection {
	return page.Objection{Form: again, Token: token, Started: c.StartedAt, Due: c.DueAt, Delayed: !c.DelayedAt.IsZero()}
}

// veto is POST /recover/veto. Whoever reads a mailbox delays a recovery once (TH-43).
func (p *Pages) veto(w http.ResponseWriter, r *http.Request, f form) error {
	c, err := p.o.Rescue.Object(r.Context(), stranger(r), claimToken(reclaim.Veto, f["token"]))
	if errors.Is(err, reclaim.ErrNone) {
		return p.over(w, r, err)
	}
	if err != nil {
		return p.again(w, r, err, p.Show, func(form page.Form) page.View { return objectionView(form, c, f["token"]) })
	}
	return p.goOn(w, step{Kind: stepObjected, Purpose: c.DueAt.Format(time.RFC3339)}, "/recover/veto")
}

// showFinish is GET /recover/finish, from the message that a recovery is due. It
// changes nothing.
func (p *Pages) showFinish(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	v, err := p.replaceView(r, f)
	if err != nil {
		return p.over(w, r, err)
	}
	return p.Show(w, r, http.StatusOK, v)
}

func (p *Pages) replaceView(r *http.Request, f form) (page.Replace, error) {
	o, err := p.o.Rescue.Shown(r.Context(), stranger(r), claimToken(reclaim.Finish, f["token"]), f["flow"])
	if err != nil {
		return page.Replace{}, err
	}
	options, err := json.Marshal(o.Passkey)
	if err != nil {
		return page.Replace{}, err
	}
	v := page.Replace{
		Username: o.Address, Token: f["token"], Flow: o.Enrolment, Secret: grouped(o.Secret.Reveal()),
		NeedPassword: !o.HasPassword, MinLength: p.o.MinLength, Options: string(options),
	}
	if o.Enrolment == "" {
		return v, nil
	}
	image, err := qr.SVG(o.URI)
	v.QR = template.HTML(image) //nolint:gosec // drawn by us: paths and numbers
	return v, err
}

// finish is POST /recover/finish. Nobody is signed in by it.
func (p *Pages) finish(w http.ResponseWriter, r *http.Request, f form) error {
	in := rescue.Completion{Secret: claimToken(reclaim.Finish, f["token"]), Password: secret.NewText(f["new-password"]), Lang: p.lang(r)}
	if f["passkey"] != "" {
		in.Passkey, in.Password = []byte(f["passkey"]), secret.Text{}
	} else {
		in.Enrolment, in.Code = f["flow"], secret.NewText(f["code"])
	}
	codes, err := p.o.Rescue.Finish(r.Context(), stranger(r), in)
	if errors.Is(err, reclaim.ErrNone) {
		return p.over(w, r, err)
	}
	if err != nil {
		v, gone := p.replaceView(r, f)
		if gone != nil {
			return p.over(w, r, errors.Join(gone, err))
		}
		return p.again(w, r, finishFault(err), p.Show, func(form page.Form) page.View { v.Form = form; return v })
	}
	list := make([]string, len(codes))
	for i, c := range codes {
		list[i] = c.Reveal()
	}
	return p.Show(w, r, http.StatusOK, page.Replacement{List: list})
}

func finishFault(err error) error {
	for sentinel, field := range map[error]string{totp.ErrCode: "code", rescue.ErrPasswordNeeded: "new-password"} {
		if errors.Is(err, sentinel) {
			return at(field, err)
		}
	}
	if errors.Is(err, passkey.ErrChallenge) {
		return err
	}
	return renamed(err, newPassword)
}

// showReclaim is GET /account/recovery.
func (p *Pages) showReclaim(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reclaimView(r)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

func (p *Pages) reclaimView(r *http.Request) (page.Reclaim, error) {
	c, err := p.o.Rescue.Running(r.Context(), web.Of(r).Caller.User)
	if errors.Is(err, reclaim.ErrNone) {
		return page.Reclaim{None: true}, nil
	}
	return page.Reclaim{Kind: string(c.Kind), Started: c.StartedAt, Due: c.DueAt, Delayed: !c.DelayedAt.IsZero()}, err
}

// recovering reports whether somebody is replacing the factors of the caller's account.
func (p *Pages) recovering(r *http.Request) (bool, error) {
	_, err := p.o.Rescue.Running(r.Context(), web.Of(r).Caller.User)
	if errors.Is(err, reclaim.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

func (p *Pages) stopReclaim(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActStopRecovery}, reclaimPath)
}

func (p *Pages) doStopReclaim(w http.ResponseWriter, r *http.Request, _ parked, given account.Proof) error {
	stopped, err := p.o.Rescue.Stop(r.Context(), web.Of(r).Caller, rescue.Proof(given))
	if err != nil {
		return err
	}
	notice := page.NoticeRecoveryDelayed
	if stopped {
		notice = page.NoticeRecoveryStopped
	}
	p.flash(w, notice, "")
	return p.to(w, reclaimPath)
}

// objectToReclaim is POST /account/recovery/object: who is signed in but proves
// nothing more delays it once (TH-43).
func (p *Pages) objectToReclaim(w http.ResponseWriter, r *http.Request, _ form) error {
	if _, err := p.o.Rescue.ObjectTo(r.Context(), web.Of(r).Caller); err != nil {
		v, gone := p.reclaimView(r)
		if gone != nil {
			return errors.Join(gone, err)
		}
		return p.again(w, r, err, p.own, func(form page.Form) page.View { v.Form = form; return v })
	}
	p.flash(w, page.NoticeRecoveryDelayed, "")
	return p.to(w, reclaimPath)
}
