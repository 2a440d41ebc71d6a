package signin

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// MailLife is how long a mail that signs in is good for (PW-37).
const MailLife = 10 * time.Minute

// letter is what the page behind a mailed link may say.
type letter struct {
	Code              string
	Device, Place, IP string // from where it was asked
}

// ByMail reports whether people can sign in by mail here.
func (f *Flow) ByMail() bool {
	_, ok := f.byMail()
	return ok
}

func (f *Flow) byMail() (*MailCode, bool) {
	for _, m := range f.o.Methods {
		if m, ok := m.(*MailCode); ok {
			return m, true
		}
	}
	return nil, false
}

// AskByMail mails a code and a link that sign in to the account whose verified
// address r.Identifier is. When nobody is to be mailed, the answer is the same and
// so is the work (PW-16, PW-25): the Result's Flow is presented with the code, as
// Mailed. With r.Flow, the mail that was asked for with it is replaced. ErrMailOff,
// ErrMissing, ratelimit.ErrLimited.
func (f *Flow) AskByMail(ctx context.Context, r Request) (Result, error) {
	m, ok := f.byMail()
	if !ok {
		return Result{}, ErrMailOff
	}
	if r.Identifier == "" {
		return Result{}, ErrMissing.WithFields(problem.Field{Pointer: "/identifier", Code: "missing", Message: "Enter your e-mail address."})
	}
	result, err := f.askByMail(ctx, f.attempt(r, m), r)
	f.observe(m.Name(), outcome(result, err))
	return result, err
}

func (f *Flow) askByMail(ctx context.Context, a *Attempt, r Request) (Result, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.MailSource, Of: a.Source}); err != nil {
		return Result{}, err
	}
	if err := f.locate(ctx, a); err != nil {
		return Result{}, err
	}
	if err := f.limitMail(ctx, a); err != nil {
		return Result{}, err
	}
	reason, err := f.unreachable(ctx, a, r)
	if err != nil {
		return Result{}, err
	}
	p, q, err := f.composeMail(a, r)
	if err != nil {
		return Result{}, err
	}
	ev := f.event(MailAsked, a)
	if reason == "" {
		p.User, p.UserVersion = a.Account.ID, a.Account.Version
	} else {
		p.Key, ev = p.ID.String(), ev.Failed(audit.Failure, reason) // in nobody's way
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := f.replaceMail(ctx, tx, a, r); err != nil {
			return err
		}
		if err := tx.Proofs().Put(ctx, p.Proof); err != nil {
			return err
		}
		if reason == "" {
			if err := tx.Mail().Enqueue(ctx, q); err != nil {
				return err
			}
		}
		return tx.Audit().Append(ctx, ev)
	})
	if err != nil {
		return Result{}, err
	}
	f.o.Mailer.Wake()
	return Result{NeedCode: true, Flow: p.FlowToken}, nil
}

// limitMail charges what keeps a mailbox from being flooded. A known device is
// counted by itself, so that a flood of strangers does not keep the owner out.
func (f *Flow) limitMail(ctx context.Context, a *Attempt) error {
	if a.Known {
		return f.take(ctx, ratelimit.Key{Limit: ratelimit.MailPair, Of: a.Key, And: "device " + a.Device.ID(a.Account.ID)})
	}
	return f.take(ctx,
		ratelimit.Key{Limit: ratelimit.MailAddress, Of: a.Key},
		ratelimit.Key{Limit: ratelimit.MailPair, Of: a.Key, And: a.Source})
}

// unreachable says why nobody is to be mailed; "" when somebody is. While a change
// of addresses was just undone, no mailbox opens the account (TH-43), and none stands in
// for the sign-in that an organisation requires (TH-40).
func (f *Flow) unreachable(ctx context.Context, a *Attempt, r Request) (string, error) {
	frozen, err := f.o.Read.Proofs().Pending(ctx, a.Account.ID, proof.Frozen, f.now())
	keyed, err1 := f.onlyPasskeys(ctx, a.Account.ID)
	bound, err2 := elsewhere(ctx, f.o.Read, r.Upstream, a.Account.ID, nil)
	switch err := errors.Join(err, err1, err2); {
	case err != nil:
		return "", err
	case a.Account.ID.IsZero():
		return reasonUnknown, nil
	case a.Account.State != user.Active:
		return reasonInactive, nil
	case !a.Email.Verified():
		return reasonAddress, nil
	case len(frozen) > 0:
		return reasonFrozen, nil
	case keyed:
		return reasonKeyed, nil
	case bound:
		return reasonSSO, nil
	}
	return "", nil
}

// onlyPasskeys reports whether passkeys are all that opens the account: then a mailbox
// does not stand in for them (TH-42).
func (f *Flow) onlyPasskeys(ctx context.Context, id user.ID) (bool, error) {
	if _, err := f.o.Read.Passwords().ByUser(ctx, id); !errors.Is(err, password.ErrNone) {
		return false, err
	}
	have, err := f.o.Read.Passkeys().Of(ctx, id)
	return len(have) > 0, err
}

func (f *Flow) composeMail(a *Attempt, r Request) (proof.Minted, mail.Queued, error) {
	now := f.now()
	p, err := f.mint().New(proof.Enter, a.Key, now, MailLife, nil)
	if err != nil {
		return p, mail.Queued{}, err
	}
	from := a.By.Source
	about := letter{p.Code.Reveal(), useragent.Describe(from.UserAgent), from.Place, from.IP}
	if err := f.mint().Carry(&p.Proof, about); err != nil {
		return p, mail.Queued{}, err
	}
	q, err := f.o.Mailer.Queue(mail.Message{
		Template: mail.SigninLink, To: a.Email.Address, Lang: langOf(a.Account, r.Lang), TimeZone: a.Account.TimeZone,
		Data: mail.Data{
			Name: a.Account.Name, Code: p.Code, Path: "/magic?" + url.Values{"token": {p.LinkToken.Reveal()}}.Encode(),
			Valid: MailLife, Act: act(a.By, now),
		},
	})
	return p, q, err
}

// replaceMail spends the mail that this browser asked for before.
func (f *Flow) replaceMail(ctx context.Context, tx Tx, a *Attempt, r Request) error {
	if r.Flow.IsZero() {
		return nil
	}
	old, err := tx.Proofs().ByFlow(ctx, proof.Enter, r.Flow.Digest(f.o.Instance))
	if err == nil {
		err = tx.Proofs().Spend(ctx, old.ID, f.now(), f.event(MailReplaced, a))
	}
	if errors.Is(err, proof.ErrExpired) {
		return nil // it is over by itself
	}
	return err
}

// MailedLink is what a mailed link is about.
type MailedLink struct {
	Address           string // that was mailed
	Asked             time.Time
	Device, Place, IP string      // from where
	Own               bool        // it was opened where it was asked for
	Code              secret.Text // where not: to be typed there
}

// PeekMail tells what a mailed link is about and changes nothing: mail scanners
// open links (lessons row 9). flow is what the browser holds; only with the right
// one can the link sign in. proof.ErrExpired.
func (f *Flow) PeekMail(ctx context.Context, link, flow secret.Token) (MailedLink, error) {
	p, err := f.o.Read.Proofs().ByLink(ctx, proof.Enter, link.Digest(f.o.Instance))
	if err != nil {
		return MailedLink{}, err
	}
	if err := p.Usable(f.now()); err != nil {
		return MailedLink{}, err
	}
	if p.User.IsZero() { // nobody was mailed it
		return MailedLink{}, proof.ErrExpired
	}
	var about letter
	if err := f.mint().Payload(p, &about); err != nil {
		return MailedLink{}, err
	}
	out := MailedLink{Address: p.Key, Asked: p.CreatedAt, Device: about.Device, Place: about.Place, IP: about.IP}
	if out.Own = !flow.IsZero() && p.Flow.Equal(flow.Digest(f.o.Instance)); !out.Own {
		out.Code = secret.NewText(about.Code)
	}
	return out, nil
}
