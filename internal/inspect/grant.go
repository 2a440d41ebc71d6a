package inspect

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// proven are the versions a token was minted with: those of the account's
// authority, or with full those that end every session.
type proven struct {
	user, client int64
	full         bool
}

// grant adds where the token is from, and what of that does not stand any more.
func (s *Inspector) grant(ctx context.Context, r *Report, g token.Grant, p proven) error {
	r.Grant, r.GrantedAt, r.Subject, r.ClientID, r.Sender = g.ID.String(), g.CreatedAt, g.User.String(), g.Client, string(g.Sender.Kind)
	if !g.EndedAt.IsZero() {
		r.GrantEndedAt, r.GrantCause = g.EndedAt, string(g.Cause)
		r.find(GrantEnded)
	}
	if err := s.session(ctx, r, g.Session); err != nil {
		return err
	}
	if err := s.account(ctx, r, g.User, p); err != nil {
		return err
	}
	return s.client(ctx, r, g.Client, p)
}

func (s *Inspector) session(ctx context.Context, r *Report, id token.SessionID) error {
	if id.IsZero() {
		return nil
	}
	r.Session = id.String()
	row, err := s.o.Read.Sessions().ByID(ctx, session.ID(id))
	if errors.Is(err, session.ErrUnknown) {
		r.find(SessionEnded)
		return nil
	}
	if err != nil {
		return err
	}
	r.Device = row.UserAgent
	if !row.EndedAt.IsZero() {
		r.SessionEndedAt, r.SessionCause = row.EndedAt, string(row.EndCause)
		r.find(SessionEnded)
	}
	return nil
}

func (s *Inspector) account(ctx context.Context, r *Report, id user.ID, p proven) error {
	u, err := s.o.Read.Users().ByID(ctx, id)
	if errors.Is(err, user.ErrUnknown) {
		r.find(AccountGone)
		return nil
	}
	if err != nil {
		return err
	}
	if u.State != user.Active {
		r.find(AccountState)
	}
	if p.full && p.user != u.Version || !p.full && p.user < u.TokenVersion {
		r.find(AccountChanged)
	}
	emails, err := s.o.Read.Users().Emails(ctx, id)
	if err == nil && len(emails) > 0 {
		r.Email = emails[0].Address
	}
	return err
}

// own adds what does not stand any more of a token that a client got for itself.
func (s *Inspector) own(ctx context.Context, r *Report, o token.Own) error {
	r.Subject, r.ClientID = o.Client, o.Client
	c, err := s.o.Read.Clients().ByID(ctx, client.ID(o.Client))
	if err == nil && o.TokenVersion < c.TokenVersion {
		r.find(TokenRevoked)
	}
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return err
	}
	return s.client(ctx, r, o.Client, proven{client: o.ClientVersion})
}

func (s *Inspector) client(ctx context.Context, r *Report, id string, p proven) error {
	c, err := s.o.Read.Clients().ByID(ctx, client.ID(id))
	switch {
	case errors.Is(err, client.ErrUnknown):
		r.find(ClientGone)
		return nil
	case err != nil:
		return err
	case c.Disabled:
		r.find(ClientDisabled)
	case p.client != c.Version:
		r.find(ClientChanged)
	}
	return nil
}
