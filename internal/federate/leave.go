package federate

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Farewell is the way out over there, for somebody who signs out here.
type Farewell struct {
	Label   string // of the service
	Address string // empty: there is none, or it is not to be gone
	Always  bool   // without asking
}

// Farewell is that of the caller's session. Ask before it ends. A service that does
// not answer offers none: who signs out is not kept waiting for it.
func (f *Flow) Farewell(ctx context.Context, by user.Caller) (Farewell, error) {
	id, err := session.ParseID(by.Session)
	if err != nil {
		return Farewell{}, nil //nolint:nilerr // nobody is signed in
	}
	o, err := f.o.Read.Federation().Origin(ctx, federation.SessionID(id))
	if errors.Is(err, federation.ErrLinkUnknown) {
		return Farewell{}, nil
	}
	if err != nil {
		return Farewell{}, err
	}
	l, c, err := f.linkOf(ctx, by.User, o.Link)
	if errors.Is(err, federation.ErrLinkUnknown) || errors.Is(err, federation.ErrUnknown) || err == nil && (!c.Enabled || c.Settings.Logout == federation.LogoutLocal) {
		return Farewell{}, nil
	}
	if err != nil {
		return Farewell{}, err
	}
	leave := federation.Leave{Return: f.o.Link("/logout"), LoginHint: l.Email}
	if t, err := f.openTokens(l); err == nil {
		leave.ID = t.ID
	}
	address, err := f.o.Protocol.Logout(ctx, c, leave)
	if err != nil {
		f.o.Log.Warn("a service does not say where people sign out", "connection", c.Name, "error", err)
		return Farewell{}, nil
	}
	return Farewell{Label: c.Title(), Address: address, Always: c.Settings.Logout == federation.LogoutAlways}, nil
}

// Ended acts on a logout token that a service sent: the sessions that began with that
// one over there end. A token counts once. federation.ErrUnknown, ErrStatement,
// ErrUpstream; federation.ErrAttempt when it came before.
func (f *Flow) Ended(ctx context.Context, from audit.Source, connection, token string) error {
	c, err := f.connection(ctx, connection)
	if err != nil {
		return err
	}
	by := user.System()
	by.Source = from
	e, err := f.o.Protocol.Ended(ctx, c, token)
	if err != nil {
		f.observe(c, "logout_"+outcomeOf(err))
		return err
	}
	t := federation.There{Connection: c.ID, Issuer: e.Issuer, Subject: e.Subject, Session: e.Session}
	err = f.o.InTx(ctx, func(tx Tx) error {
		if err := tx.Federation().Spend(ctx, once("ended "+c.ID.String()+" "+e.Issuer, e.ID), e.Until); err != nil {
			return err
		}
		return f.endBegan(ctx, tx, by, c, t, session.EndedThere)
	})
	f.observe(c, "logout_"+outcomeOf(err))
	return err
}
