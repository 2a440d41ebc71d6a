package account

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// Ceremonies asks for passkeys and judges what comes back; see passkey.Ceremonies.
type Ceremonies interface {
	Creation(p passkey.Purpose, who passkey.Person, bound string, have []passkey.Passkey) passkey.CreationOptions
	Request(p passkey.Purpose, subject user.ID, bound string, only []passkey.Passkey) passkey.RequestOptions
	Register(ctx context.Context, p passkey.Purpose, bound string, answer []byte) (passkey.Passkey, error)
	Signals(owner passkey.Person, have []passkey.Passkey) passkey.Signals
}

// upgradeWindow is how long after a password sign-in a browser may make a passkey
// by itself: that sign-in is the proof.
const upgradeWindow = 5 * time.Minute

// Passkeys returns those of the account, oldest first.
func (f *Flow) Passkeys(ctx context.Context, by user.Caller) ([]passkey.Passkey, error) {
	return f.o.Read.Passkeys().Of(ctx, by.User)
}

// PasskeySignals is what a browser is told of the account's passkeys, so that it
// forgets removed ones (PW-73).
func (f *Flow) PasskeySignals(ctx context.Context, by user.Caller) (passkey.Signals, error) {
	who, have, err := f.holder(ctx, by)
	return f.o.Passkeys.Signals(who.person, have), err
}

// PasskeyProof is the question by which a passkey confirms an act; false when the
// account has none.
func (f *Flow) PasskeyProof(ctx context.Context, by user.Caller) (passkey.RequestOptions, bool, error) {
	have, err := f.Passkeys(ctx, by)
	if err != nil || len(have) == 0 {
		return passkey.RequestOptions{}, false, err
	}
	return f.o.Passkeys.Request(passkey.Confirm, by.User, ConfirmBound(by), have), true, nil
}

// ConfirmBound names the session that a passkey confirms an act in.
func ConfirmBound(by user.Caller) string { return "confirm " + by.Session }

// OfferPasskey asks for another passkey, once current proves that it is them. Who
// has the answer's challenge has given the proof: it is made for nobody else,
// and stands for the account as it is now (TH-1).
func (f *Flow) OfferPasskey(ctx context.Context, by user.Caller, current Proof) (passkey.CreationOptions, error) {
	if _, err := f.confirmedFully(ctx, by, current); err != nil {
		return passkey.CreationOptions{}, err
	}
	return f.offer(ctx, by, passkey.Create)
}

// OfferUpgrade asks the browser for a passkey without disturbing anybody, right
// after a sign-in by password; false when that is over, or there is one already
// (PW-54).
func (f *Flow) OfferUpgrade(ctx context.Context, by user.Caller) (passkey.CreationOptions, bool, error) {
	id, err := session.ParseID(by.Session)
	if err != nil {
		return passkey.CreationOptions{}, false, nil //nolint:nilerr // nobody is signed in
	}
	s, err := f.o.Read.Sessions().ByID(ctx, id)
	if err != nil || f.now().Sub(s.AuthenticatedAt) > upgradeWindow || !slices.Contains(s.Methods, "pwd") {
		return passkey.CreationOptions{}, false, err
	}
	if asks, err := f.o.Confirmer.Asks(ctx, by.User); err != nil || asks && s.Assurance < 2 {
		return passkey.CreationOptions{}, false, err
	}
	have, err := f.Passkeys(ctx, by)
	if err != nil || len(have) > 0 {
		return passkey.CreationOptions{}, false, err
	}
	o, err := f.offer(ctx, by, passkey.Upgrade)
	return o, err == nil, err
}

func (f *Flow) offer(ctx context.Context, by user.Caller, p passkey.Purpose) (passkey.CreationOptions, error) {
	who, have, err := f.holder(ctx, by)
	if err != nil {
		return passkey.CreationOptions{}, err
	}
	return f.o.Passkeys.Creation(p, who.person, enrolBound(by, who.User), have), nil
}

// enrolBound names the session and the state of the account that asked.
func enrolBound(by user.Caller, u user.User) string {
	return "enrol " + by.Session + " " + strconv.FormatInt(u.Version, 10)
}

type holder struct {
	user.User
	person passkey.Person
}

func (f *Flow) holder(ctx context.Context, by user.Caller) (holder, []passkey.Passkey, error) {
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return holder{}, nil, err
	}
	email, err := f.primary(ctx, f.o.Read, u.ID)
	if err != nil {
		return holder{}, nil, err
	}
	have, err := f.Passkeys(ctx, by)
	return holder{u, passkey.Person{ID: u.ID, Address: email.Address, Name: u.Name}}, have, err
}

// AddPasskey keeps the answer to OfferPasskey or, silently, to OfferUpgrade, and
// tells every address of the account. passkey.ErrChallenge when it is none.
func (f *Flow) AddPasskey(ctx context.Context, by user.Caller, answer []byte, silently bool, lang string) (passkey.Passkey, error) {
	if err := f.limit(ctx, ratelimit.Key{Limit: ratelimit.ChangeAccount, Of: by.User.String()}); err != nil {
		return passkey.Passkey{}, err
	}
	u, err := f.o.Read.Users().ByID(ctx, by.User)
	if err != nil {
		return passkey.Passkey{}, err
	}
	purpose := passkey.Create
	if silently {
		purpose = passkey.Upgrade
	}
	k, err := f.o.Passkeys.Register(ctx, purpose, enrolBound(by, u), answer)
	if err != nil {
		return passkey.Passkey{}, err
	}
	if k.User != u.ID {
		return passkey.Passkey{}, passkey.ErrChallenge
	}
	k.Name = passkey.Named(k, useragent.Describe(by.Source.UserAgent))
	return k, f.mailing(ctx, func(tx Tx) error {
		if err := tx.Passkeys().Insert(ctx, k, u.Version, k.AddedBy(by)); err != nil {
			return err
		}
		return f.tellOf(ctx, tx, u, mail.FactorAdded, k, by, lang)
	})
}

func (f *Flow) tellOf(ctx context.Context, tx Tx, u user.User, what mail.Template, k passkey.Passkey, by user.Caller, lang string) error {
	d := notice(u, by, f.now())
	d.Detail = k.Name
	return f.tell(ctx, tx, u, what, d, lang)
}

// RenamePasskey gives one another name. passkey.ErrName, passkey.ErrUnknown.
func (f *Flow) RenamePasskey(ctx context.Context, by user.Caller, id passkey.ID, name string) error {
	name, err := passkey.CleanName(name)
	if err != nil {
		return err
	}
	return f.o.Read.Passkeys().Rename(ctx, by.User, id, name, f.aboutPasskey(by, passkey.Renamed, id))
}

// RemovePasskey forgets one and tells every address of the account.
// passkey.ErrUnknown; passkey.ErrLast when nobody could sign in any more (PW-72).
func (f *Flow) RemovePasskey(ctx context.Context, by user.Caller, current Proof, id passkey.ID, lang string) error {
	u, err := f.confirmedFully(ctx, by, current)
	if err != nil {
		return err
	}
	k, err := f.passkey(ctx, by, id)
	if err != nil {
		return err
	}
	return f.mailing(ctx, func(tx Tx) error {
		if err := hold(ctx, tx, u); err != nil {
			return err
		}
		if err := tx.Passkeys().Remove(ctx, u.ID, id, f.aboutPasskey(by, passkey.Removed, id)); err != nil {
			return err
		}
		return f.tellOf(ctx, tx, u.User, mail.FactorRemoved, k, by, lang)
	})
}

func (f *Flow) passkey(ctx context.Context, by user.Caller, id passkey.ID) (passkey.Passkey, error) {
	have, err := f.Passkeys(ctx, by)
	if err != nil {
		return passkey.Passkey{}, err
	}
	for _, k := range have {
		if k.ID == id {
			return k, nil
		}
	}
	return passkey.Passkey{}, passkey.ErrUnknown
}

func (f *Flow) aboutPasskey(by user.Caller, n audit.Name, id passkey.ID) audit.Event {
	return by.Event(n, f.now(), by.User).With("passkey", id.String())
}
