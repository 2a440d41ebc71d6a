package rescue

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Offer is what may take the place of lost factors.
type Offer struct {
	Claim        reclaim.Claim
	HasPassword  bool
	Secret       secret.Text // of a new authenticator app; zero when only a security key will do
	URI          string      // the same, for the QR code
	Enrolment    string      // brought back with the app's first code
	Passkey      passkey.CreationOptions
	Address, For string // of the account, and its name
}

// Completion is what whoever completes a claim brings: one new factor, and a new
// password, which is optional where there is one.
type Completion struct {
	Secret    secret.Token // of the mailed link
	Password  secret.Text
	Enrolment string      // of the offer
	Code      secret.Text // first code of the app
	Passkey   []byte      // answer of an authenticator to the offer
	Lang      string
}

// due is the claim that a secret completes, if now is its time.
func (f *Flow) due(ctx context.Context, by user.Caller, token secret.Token) (reclaim.Claim, user.User, error) {
	if err := f.take(ctx, ratelimit.Key{Limit: ratelimit.CodeSource, Of: ratelimit.SourceOf(by.Source.IP)}); err != nil {
		return reclaim.Claim{}, user.User{}, err
	}
	c, err := f.o.Read.Reclaims().BySecret(ctx, token.Digest(f.o.Instance))
	if err == nil && !c.Due(f.now()) {
		err = reclaim.ErrNone
	}
	if err != nil {
		return c, user.User{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, c.User)
	if err == nil && u.State != user.Active {
		err = user.ErrInactive
	}
	if err == nil && c.Kind != reclaim.Link { // the host's word is no address's
		err = f.held(ctx, u.ID)
	}
	if err != nil {
		return c, u, err
	}
	if c.Address != "" { // undoing a change may have taken it away since
		if _, err := f.verified(ctx, u.ID, user.EmailKey(c.Address)); err != nil {
			return c, u, reclaim.ErrNone.Because(err)
		}
	}
	level, err := f.level(ctx, f.o.Read, u.ID) // a better factor may have come since, and goes too
	c.Level = max(c.Level, level)
	return c, u, err
}

// Offer is what the page of a mailed link shows. It changes nothing: mail scanners
// open links. reclaim.ErrNone, ErrHeld.
func (f *Flow) Offer(ctx context.Context, by user.Caller, token secret.Token) (Offer, error) {
	c, u, err := f.due(ctx, by, token)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{Claim: c, For: u.Name}
	if o.Address, err = primary(ctx, f.o.Read, u.ID); err != nil {
		return o, err
	}
	if _, err = f.o.Read.Passwords().ByUser(ctx, u.ID); err == nil {
		o.HasPassword = true
	} else if !errors.Is(err, password.ErrNone) {
		return o, err
	}
	o.Passkey = f.o.Passkeys.Creation(passkey.Create, passkey.Person{ID: u.ID, Address: o.Address, Name: u.Name}, bound(c), nil)
	if c.Level < 3 {
		d, key := totp.New(f.o.Keys, u.ID, deviceName, f.now())
		o.Secret, o.URI = key, totp.URI(f.o.Issuer, label(o), key)
		o.Enrolment = base64.RawURLEncoding.EncodeToString(append(d.ID[:len(d.ID):len(d.ID)], d.Secret...))
	}
	return o, nil
}

// Shown is the secret in an enrolment that is offered again, after a wrong code.
func (f *Flow) Shown(ctx context.Context, by user.Caller, token secret.Token, enrolment string) (Offer, error) {
	o, err := f.Offer(ctx, by, token)
	if err != nil || o.Enrolment == "" {
		return o, err
	}
	d, ok := device(enrolment, o.Claim.User)
	if !ok {
		return o, nil
	}
	key, err := d.Reveal(f.o.Keys)
	if err != nil {
		return o, nil //nolint:nilerr // made up: another one is offered
	}
	o.Secret, o.URI, o.Enrolment = key, totp.URI(f.o.Issuer, label(o), key), enrolment
	return o, nil
}

func label(o Offer) string {
	if o.Address != "" {
		return o.Address
	}
	return o.For
}

const deviceName = "Authenticator"

// bound names the claim that a new passkey answers.
func bound(c reclaim.Claim) string { return "reclaim " + c.ID.String() }

// device is the app that an offer was about. Its secret is sealed to it and to its
// owner, so another account's, or a made-up one, does not open.
func device(enrolment string, owner user.ID) (totp.Device, bool) {
	const most = 256
	raw, err := base64.RawURLEncoding.DecodeString(enrolment)
	d := totp.Device{User: owner, Name: deviceName}
	if err != nil || len(raw) <= len(d.ID) || len(raw) > most {
		return d, false
	}
	copy(d.ID[:], raw)
	d.Secret = raw[len(d.ID):]
	return d, true
}

// fresh is a new factor that was proven, ready to be kept.
type fresh struct {
	app     totp.Device
	step    int64
	passkey passkey.Passkey
	codes   []secret.Text
	kept    []recovery.Digest
}

// Finish completes a claim: the lost factors go, the new one is kept, every session
// and grant ends, and every address is told. It signs nobody in. With an
// authenticator app come recovery codes. reclaim.ErrNone, ErrHeld, ErrFactor,
// ErrWeaker, ErrPasswordNeeded, totp.ErrCode, and what a password may be refused for.
func (f *Flow) Finish(ctx context.Context, by user.Caller, in Completion) ([]secret.Text, error) {
	c, u, err := f.due(ctx, by, in.Secret)
	if err != nil {
		return nil, err
	}
	cred, err := f.o.Read.Passwords().ByUser(ctx, u.ID)
	none := errors.Is(err, password.ErrNone)
	if err != nil && !none {
		return nil, err
	}
	if none && in.Password.IsZero() && in.Passkey == nil {
		return nil, ErrPasswordNeeded
	}
	hash, err := f.hash(ctx, by, u, in.Password)
	if err != nil {
		return nil, err
	}
	made, err := f.prove(ctx, by, c, in)
	if err != nil {
		return nil, err
	}
	cred = password.Credential{User: u.ID, Version: cred.Version + 1, Hash: hash, ChangedAt: f.now()}
	return made.codes, f.mailing(ctx, func(tx Tx) error { return f.complete(ctx, tx, by, c, in, cred, made) })
}

func (f *Flow) complete(ctx context.Context, tx Tx, by user.Caller, c reclaim.Claim, in Completion, cred password.Credential, made fresh) error {
	now := f.now()
	ev := by.Event(reclaim.Finished, now, c.User).With("claim", c.ID.String()).With("kind", string(c.Kind)).With("vouched", vouched(c))
	if err := tx.Reclaims().Complete(ctx, c.ID, in.Secret.Digest(f.o.Instance), now, ev); err != nil {
		return err
	}
	if err := f.keep(ctx, tx, by, c, made); err != nil {
		return err
	}
	if cred.Hash != "" {
		if err := tx.Passwords().Set(ctx, cred, by.Event(reclaim.Password, now, c.User)); err != nil {
			return err
		}
	}
	if _, err := tx.Sessions().EndAll(ctx, c.User, session.ID{}, session.AccountRecovered, now, by.Event(reclaim.SignedOut, now, c.User)); err != nil {
		return err
	}
	return f.tell(ctx, tx, c, by, mail.RecoveryDone, mail.Data{})
}

// keep keeps the new factor in the transaction that forgot the old ones.
func (f *Flow) keep(ctx context.Context, tx Tx, by user.Caller, c reclaim.Claim, made fresh) error {
	now := f.now()
	if made.app.ID.IsZero() {
		u, err := tx.Users().ByID(ctx, c.User)
		if err != nil {
			return err
		}
		return tx.Passkeys().Insert(ctx, made.passkey, u.Version, made.passkey.AddedBy(by))
	}
	made.app.CreatedAt = now
	if err := tx.TOTP().Begin(ctx, made.app); err != nil {
		return err
	}
	if err := tx.TOTP().Confirm(ctx, c.User, made.app.ID, made.step, now, by.Event(totp.Added, now, c.User).With("name", made.app.Name)); err != nil {
		return err
	}
	return tx.Recovery().Replace(ctx, c.User, made.kept, now, by.Event(recovery.Made, now, c.User))
}

// prove judges the new factor: it works, and is worth what was lost.
func (f *Flow) prove(ctx context.Context, by user.Caller, c reclaim.Claim, in Completion) (made fresh, err error) {
	switch {
	case (in.Passkey != nil) == (in.Enrolment != ""):
		return made, ErrFactor
	case in.Passkey != nil:
		if made.passkey, err = f.o.Passkeys.Register(ctx, passkey.Create, bound(c), in.Passkey); err != nil {
			return made, err
		}
		if made.passkey.User != c.User {
			return made, passkey.ErrChallenge
		}
		if made.passkey.Assurance() < c.Level {
			return made, ErrWeaker
		}
		made.passkey.Name = passkey.Named(made.passkey, useragent.Describe(by.Source.UserAgent))
		return made, nil
	case c.Level > 2:
		return made, ErrWeaker
	}
	d, ok := device(in.Enrolment, c.User)
	if !ok {
		return made, ErrFactor
	}
	step, ok, err := d.Match(f.o.Keys, in.Code, f.now())
	if err != nil {
		return made, ErrFactor.Because(err)
	}
	if !ok {
		return made, totp.ErrCode
	}
	made.app, made.step = d, step
	made.codes, made.kept = recovery.New(f.o.Keys, c.User)
	return made, nil
}

// hash checks a new password against policy and hashes it; none: no hash.
func (f *Flow) hash(ctx context.Context, by user.Caller, u user.User, text secret.Text) (password.Hash, error) {
	if text.IsZero() {
		return "", nil
	}
	about := password.Context{Names: []string{u.Name}, Field: "/new_password"}
	emails, err := f.o.Read.Users().Emails(ctx, u.ID)
	if err != nil {
		return "", err
	}
	for _, e := range emails {
		about.Emails = append(about.Emails, e.Address)
	}
	if err := f.o.Passwords.Check(ctx, text, about); err != nil {
		return "", err
	}
	return f.o.Hasher.Hash(ctx, password.Ticket{Class: password.Reset, Source: by.Source.IP}, text)
}
