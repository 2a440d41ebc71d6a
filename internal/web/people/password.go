package people

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showPassword is GET /account/password.
func (p *Pages) showPassword(w http.ResponseWriter, r *http.Request) error {
	v, err := p.passwordView(r)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

func (p *Pages) passwordView(r *http.Request) (page.Password, error) {
	q := web.Of(r)
	since, _, err := p.o.Account.PasswordState(r.Context(), q.Caller)
	if err != nil {
		return page.Password{}, err
	}
	live, err := p.o.Account.Sessions(r.Context(), q.Caller)
	if err != nil {
		return page.Password{}, err
	}
	return page.Password{
		Username: q.Identity.Email, Changed: since, Others: max(len(live)-1, 0), MinLength: p.o.MinLength, Passkey: p.hasPasskey(r),
	}, nil
}

// changePassword is POST /account/password. The session goes on under a new
// secret (SE-3).
func (p *Pages) changePassword(w http.ResponseWriter, r *http.Request, f form) error {
	q := web.Of(r)
	change := account.PasswordChange{
		By: q.Caller, Current: proofOf(f), New: secret.NewText(f["new-password"]),
		KeepOthers: f["sign-out-others"] != "yes", Lang: p.lang(r),
	}
	if err := p.o.Account.ChangePassword(r.Context(), change); err != nil {
		return p.passwordAgain(w, r, err, change.KeepOthers)
	}
	p.flash(w, page.NoticePasswordChanged, "")
	return p.rotated(w, r)
}

// rotated goes on under a new secret.
func (p *Pages) rotated(w http.ResponseWriter, r *http.Request) error {
	q := web.Of(r)
	fresh, err := p.o.SignIn.Rotate(r.Context(), q.Caller, q.Secret)
	if err != nil {
		return p.unrotated(w, r, err)
	}
	p.o.Frame.SetCookie(w, p.o.Frame.Names().Session, fresh.Reveal(), p.left(q.Identity.ExpiresAt))
	return p.to(w, "/account/password")
}

// removePassword is POST /account/password/remove.
func (p *Pages) removePassword(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActRemovePassword}, "/account/password")
}

func (p *Pages) doRemovePassword(w http.ResponseWriter, r *http.Request, _ parked, proof account.Proof) error {
	err := p.o.Account.RemovePassword(r.Context(), web.Of(r).Caller, proof, p.lang(r))
	if e := account.ErrLastPassword; e.Is(err) {
		return p.passwordAgain(w, r, err, false)
	}
	if err != nil {
		return err
	}
	p.flash(w, page.NoticePasswordRemoved, "")
	return p.rotated(w, r)
}

// unrotated ends a session that got no new secret after its password changed, or
// had ended in the meantime: the password is changed all the same.
func (p *Pages) unrotated(w http.ResponseWriter, r *http.Request, cause error) error {
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Session)
	if !errors.Is(cause, session.ErrEnded) {
		web.Of(r).Refused(cause)
		if err := p.o.SignIn.SignOut(context.WithoutCancel(r.Context()), web.Of(r).Caller); err != nil {
			web.Of(r).Refused(errors.Join(cause, err))
		}
	}
	return p.to(w, "/login")
}

// left is how long a cookie that opens a session until then is worth keeping.
func (p *Pages) left(until time.Time) time.Duration { return max(until.Sub(p.o.Now()), time.Second) }

func (p *Pages) passwordAgain(w http.ResponseWriter, r *http.Request, fault error, keep bool) error {
	v, err := p.passwordView(r)
	if err != nil {
		return err
	}
	v.Keep = keep
	if errors.Is(fault, signin.ErrConfirmation) || errors.Is(fault, signin.ErrUnconfirmed) {
		fault = at("password", fault)
	} else {
		fault = renamed(fault, newPassword)
	}
	return p.again(w, r, fault, p.own, func(form page.Form) page.View { v.Form = form; return v })
}
