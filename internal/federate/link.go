package federate

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// pending is a link that waits for a proof of the account: of User in Session, or
// where it came of a sign-in, of whoever proves an account after Began.
type pending struct {
	Nonce      string        `json:"n"`
	Connection federation.ID `json:"c"`
	Version    int64         `json:"v"`
	Issuer     string        `json:"i"`
	Subject    string        `json:"sub"`
	Email      string        `json:"e,omitempty"`
	Verified   bool          `json:"ev,omitempty"`
	Name       string        `json:"name,omitempty"`
	Sid        string        `json:"sid,omitempty"`
	User       user.ID       `json:"u,omitzero"`
	Session    string        `json:"ses,omitempty"`
	ReturnTo   string        `json:"to,omitempty"`
	Began      time.Time     `json:"t"`
}

func (f *Flow) pend(c federation.Connection, p federation.Person, a attempt) string {
	return f.seal(sealPending, pending{
		Nonce: secret.New(statePurpose).Reveal(), Connection: c.ID, Version: c.Version, Issuer: p.Issuer, Subject: p.Subject,
		Email: p.Email, Verified: p.Verified, Name: p.Name, Sid: p.Session, User: a.User, Session: a.Session, ReturnTo: a.Carry.ReturnTo, Began: f.now(),
	})
}

func (w pending) person() federation.Person {
	return federation.Person{Connection: w.Connection, Issuer: w.Issuer, Subject: w.Subject, Email: w.Email, Verified: w.Verified, Name: w.Name, Session: w.Sid}
}

// Waiting is a link that waits, as whoever holds it may see it.
type Waiting struct {
	Connection federation.Connection
	Email      string // of the person over there; may be empty
	Name       string
	ReturnTo   string
	Proof      bool // a proof must come with Link; else they have just given it by signing in
	Account    bool // it waits for the account of the caller, and not for any
}

// Waiting tells what a Pending is about. federation.ErrAttempt when it is over, or
// belongs to another account or session. A caller who is nobody is told of one that
// came of a sign-in.
func (f *Flow) Waiting(ctx context.Context, by user.Caller, text string) (Waiting, error) {
	w, c, err := f.opened(ctx, by, text)
	if err != nil {
		return Waiting{}, err
	}
	proven, err := f.provenSince(ctx, by, w)
	return Waiting{Connection: c, Email: w.Email, Name: w.Name, ReturnTo: w.ReturnTo, Proof: !proven, Account: !w.User.IsZero()}, err
}

func (f *Flow) opened(ctx context.Context, by user.Caller, text string) (pending, federation.Connection, error) {
	var w pending
	if !f.unseal(sealPending, text, &w) || !live(w.Began, PendingLife, f.now()) {
		return w, federation.Connection{}, federation.ErrAttempt
	}
	if !w.User.IsZero() && (w.User != by.User || w.Session != by.Session) {
		return w, federation.Connection{}, federation.ErrAttempt.Becausef("begun by another account or session")
	}
	c, err := f.o.Read.Federation().ByID(ctx, w.Connection)
	if errors.Is(err, federation.ErrUnknown) || err == nil && (c.Version != w.Version || !c.Enabled) {
		return w, c, federation.ErrAttempt
	}
	return w, c, err
}

// provenSince reports whether the caller signed in after a link began to wait for it,
// which was the proof asked for. A link that was begun while signed in asks for one
// of its own (TH-36).
func (f *Flow) provenSince(ctx context.Context, by user.Caller, w pending) (bool, error) {
	id, err := session.ParseID(by.Session)
	if err != nil || !w.User.IsZero() {
		return false, nil //nolint:nilerr // nobody is signed in
	}
	s, err := f.o.Read.Sessions().ByID(ctx, id)
	if errors.Is(err, session.ErrUnknown) {
		return false, nil
	}
	if err != nil || s.User != by.User || !s.AuthenticatedAt.After(w.Began) {
		return false, err
	}
	if s.Assurance > 1 {
		return true, nil
	}
	asks, err := f.o.Confirmer.Asks(ctx, by.User)
	return !asks, err
}

// linkable refuses what Link would refuse anyway, before anybody is asked.
func (f *Flow) linkable(ctx context.Context, owner user.ID, out *Outcome) error {
	l, err := f.o.Read.Federation().Linked(ctx, out.Connection.ID, out.Person.Issuer, out.Person.Subject)
	switch {
	case err == nil && l.User != owner:
		return federation.ErrLinkTaken
	case err != nil && !errors.Is(err, federation.ErrLinkUnknown):
		return err
	}
	u, err := f.o.Read.Users().ByID(ctx, owner)
	if err != nil {
		return err
	}
	return f.belongs(ctx, out.Connection, out.Person, u)
}

// belongs is ErrNotMember when c is an organisation's and p is none of its people by
// address, or u administers the instance: its administrator decides who p is (TH-40).
func (f *Flow) belongs(ctx context.Context, c federation.Connection, p federation.Person, u user.User) error {
	if c.Organization == "" {
		return nil
	}
	counts, err := f.counts(ctx, c, p)
	if err == nil && (!counts || slices.Contains(u.Roles, rbac.Admin)) {
		return ErrNotMember
	}
	return err
}

// owner is an account that proved itself for one act.
type owner struct {
	user.User
	password int64
}

func (f *Flow) confirmed(ctx context.Context, by user.Caller, current Proof) (owner, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return owner{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return owner{}, err
	}
	version, err := f.o.Confirmer.ConfirmFully(ctx, by, current)
	return owner{u, version}, err
}

// Link makes the link that waits, once current proves the account, and tells every
// address of it. federation.ErrAttempt, ErrLinkTaken, ErrBirth; ErrNotMember.
func (f *Flow) Link(ctx context.Context, by user.Caller, current Proof, text, lang string) (federation.Link, error) {
	w, c, err := f.opened(ctx, by, text)
	if err != nil {
		return federation.Link{}, err
	}
	u, err := f.held(ctx, by, current, w)
	if err != nil {
		return federation.Link{}, err
	}
	if err := f.belongs(ctx, c, w.person(), u.User); err != nil {
		return federation.Link{}, err
	}
	now := f.now()
	l := linkOf(c, w.person(), u.ID, now)
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Users().Hold(ctx, u.ID, u.Version, u.password); err != nil {
			return err
		}
		if err := tx.Federation().Spend(ctx, once("pending", w.Nonce), w.Began.Add(2*PendingLife)); err != nil {
			return err
		}
		if err := f.join(ctx, tx, by, c, u.ID); err != nil {
			return err
		}
		if err := tx.Federation().Link(ctx, l, c.Version, u.Version, about(by, federation.LinkMade, now, u.ID, c).With("link", l.ID.String())); err != nil {
			return err
		}
		return f.tell(ctx, tx, u.User, by, mail.FactorAdded, called(c, l), lang)
	})
	if err == nil {
		f.o.Mailer.Wake()
	}
	return l, err
}

// held is the account that a waiting link is for, proven for it.
func (f *Flow) held(ctx context.Context, by user.Caller, current Proof, w pending) (owner, error) {
	proven, err := f.provenSince(ctx, by, w)
	if err != nil {
		return owner{}, err
	}
	if !proven {
		return f.confirmed(ctx, by, current)
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	return owner{User: u}, err
}

// join makes somebody who links an organisation's sign-in one of its people, which by
// their address they are.
func (f *Flow) join(ctx context.Context, tx Tx, by user.Caller, c federation.Connection, u user.ID) error {
	if c.Organization == "" {
		return nil
	}
	if _, member, err := f.membership(ctx, tx, c, u); err != nil || member {
		return err
	}
	home, err := organization.ParseID(c.Organization)
	if err != nil {
		return err
	}
	roles, err := f.known(ctx, tx, c, c.Settings.Provision.Roles)
	if err != nil {
		return err
	}
	now := f.now()
	return tx.Organizations().SetMember(ctx, organization.Membership{Organization: home, User: u, Roles: roles, JoinedAt: now}, memberEvent(by, c, u, home, now))
}

// called is what a person knows a link by.
func called(c federation.Connection, l federation.Link) string {
	if l.Email == "" {
		return c.Title()
	}
	return c.Title() + " (" + l.Email + ")"
}

// tell queues a notice to every verified address of an account (AU-60).
func (f *Flow) tell(ctx context.Context, tx Tx, u user.User, by user.Caller, what mail.Template, detail, lang string) error {
	emails, err := tx.Users().Emails(ctx, u.ID)
	if err != nil {
		return err
	}
	if u.Locale != "" {
		lang = u.Locale
	}
	for _, e := range emails {
		if !e.Verified() {
			continue
		}
		q, err := f.o.Mailer.Queue(mail.Message{Template: what, To: e.Address, Lang: lang, TimeZone: u.TimeZone, Data: mail.Data{
			Name: u.Name, Detail: detail, Act: mail.Act{When: f.now(), Device: useragent.Describe(by.Source.UserAgent), IP: by.Source.IP, Place: by.Source.Place},
		}})
		if err != nil {
			return err
		}
		if err := tx.Mail().Enqueue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
