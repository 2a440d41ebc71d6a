package federate

import (
	"context"
	"errors"
	"time"

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
// not answer offers none: who signs out is not kept waiting for it. onward is where
// the browser goes after it was there, if the service echoes what it was told: an
// address that the caller has checked, which Onward tells again; it may be empty.
func (f *Flow) Farewell(ctx context.Context, by user.Caller, onward string) (Farewell, error) {
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
	leave := federation.Leave{Return: f.o.Link("/logout"), LoginHint: l.Email, State: f.returning(onward)}
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

// returning is what brings a browser to an address, once it was signed out of a service.
type returning struct {
	To string    `json:"to"`
	At time.Time `json:"t"`
}

func (f *Flow) returning(to string) string {
	if to == "" {
		return ""
	}
	state := f.seal(sealOnward, returning{to, f.now()})
	if len(state) > longest {
		return ""
	}
	return state
}

// Onward is where a browser goes that comes back from a service with what a Farewell
// told it; empty for anything else.
func (f *Flow) Onward(state string) string {
	var r returning
	if !f.unseal(sealOnward, state, &r) || !live(r.At, AttemptLife, f.now()) {
		return ""
	}
	return r.To
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
