package federate

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Unlink removes a link of the caller, once current proves that it is them, ends the
// other sessions that began with it, tells every address of the account, and gives
// tokens that were kept back to the service.
// federation.ErrLinkUnknown; federation.ErrLastWay when nobody could sign in any more.
func (f *Flow) Unlink(ctx context.Context, by user.Caller, current Proof, id federation.LinkID, lang string) error {
	u, err := f.confirmed(ctx, by, current)
	if err != nil {
		return err
	}
	return f.unlink(ctx, by, u, id, lang)
}

// Remove removes a link of an account for an administrator: the caller has asked who
// may. The account's sessions that began with it end.
func (f *Flow) Remove(ctx context.Context, by user.Caller, of user.ID, id federation.LinkID, lang string) error {
	u, err := f.o.Read.Users().ByID(ctx, of)
	if err != nil {
		return err
	}
	return f.unlink(ctx, by, owner{User: u}, id, lang)
}

func (f *Flow) unlink(ctx context.Context, by user.Caller, u owner, id federation.LinkID, lang string) error {
	l, c, err := f.linkOf(ctx, u.ID, id)
	if err != nil {
		return err
	}
	now := f.now()
	err = f.o.InTx(ctx, func(tx Tx) error {
		if by.User == u.ID {
			if err := tx.Users().Hold(ctx, u.ID, u.Version, u.password); err != nil {
				return err
			}
		}
		if err := f.endBegan(ctx, tx, by, c, federation.There{Connection: c.ID, Issuer: l.Issuer, Subject: l.Subject}, session.Unlinked); err != nil {
			return err
		}
		ev := about(by, federation.LinkGone, now, u.ID, c).With("link", id.String())
		if err := tx.Federation().Unlink(ctx, u.ID, id, ev); err != nil {
			return err
		}
		return f.tell(ctx, tx, u.User, by, mail.FactorRemoved, called(c, l), lang)
	})
	if err == nil {
		f.o.Mailer.Wake()
		f.giveBack(ctx, c, l)
	}
	return err
}

func (f *Flow) linkOf(ctx context.Context, of user.ID, id federation.LinkID) (federation.Link, federation.Connection, error) {
	all, err := f.o.Read.Federation().LinksOf(ctx, of)
	if err != nil {
		return federation.Link{}, federation.Connection{}, err
	}
	for _, l := range all {
		if l.ID == id {
			c, err := f.o.Read.Federation().ByID(ctx, l.Connection)
			return l, c, err
		}
	}
	return federation.Link{}, federation.Connection{}, federation.ErrLinkUnknown
}

// most is how many sessions end in one act: more than any account has.
const most = 200

// endBegan ends what began over there, but not the session that the act is done in.
func (f *Flow) endBegan(ctx context.Context, tx Tx, by user.Caller, c federation.Connection, t federation.There, why session.Cause) error {
	now := f.now()
	all, err := tx.Federation().Began(ctx, t, now, most)
	if err != nil {
		return err
	}
	for _, b := range all {
		id := session.ID(b.Session)
		if id.String() == by.Session {
			continue
		}
		err := tx.Sessions().End(ctx, b.User, id, why, now, about(by, eventOf(why), now, b.User, c).With("ended", id.String()))
		if err != nil && !errors.Is(err, session.ErrUnknown) {
			return err
		}
	}
	return nil
}

func eventOf(why session.Cause) audit.Name {
	if why == session.EndedThere {
		return SessionEnded
	}
	return session.RevokedEvent
}
