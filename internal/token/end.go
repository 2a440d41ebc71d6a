package token

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Inspect returns the living grant whose newest refresh token this is, to the
// client it belongs to (RFC 7662); asking needs no key. It changes nothing.
// ErrRefused otherwise.
func (s *Grants) Inspect(ctx context.Context, r Request) (Grant, error) {
	t, ok := parseRefreshToken(s.Keys, r.Token)
	if !ok {
		return Grant{}, ErrRefused.Becausef("not a refresh token of this instance")
	}
	g, alive, err := s.Store.ByID(ctx, t.family, s.now())
	switch {
	case errors.Is(err, ErrUnknown):
		return Grant{}, ErrRefused.Because(err)
	case err != nil:
		return Grant{}, err
	case g.Client != r.Client || !alive:
		return Grant{}, ErrRefused.Becausef("grant %s of another client, or over", g.ID)
	}
	if t.generation != g.Family.Generation || !t.text.Digest(s.options.Instance).Equal(g.Family.Digest) {
		return Grant{}, ErrRefused.Becausef("grant %s: not its newest token", g.ID)
	}
	return g, nil
}

// Revoke ends the grant of a refresh token, of any generation (RFC 7009, OA-43),
// and returns it. Only the client must be right: giving back needs no key.
// ErrRefused when there is nothing to end, which the endpoint answers like
// success.
func (s *Grants) Revoke(ctx context.Context, r Request) (Grant, error) {
	t, ok := parseRefreshToken(s.Keys, r.Token)
	if !ok {
		return Grant{}, ErrRefused.Becausef("not a refresh token of this instance")
	}
	now := s.now()
	g, _, err := s.Store.ByID(ctx, t.family, now)
	if err == nil && g.Client != r.Client {
		return Grant{}, ErrRefused.Becausef("grant %s of another client", g.ID)
	}
	if err == nil {
		err = s.Store.End(ctx, g.ID, Revoked, now, g.event(RevokedEvent, now, r.Source))
	}
	switch {
	case errors.Is(err, ErrUnknown):
		return Grant{}, ErrRefused.Because(err)
	case err != nil:
		return Grant{}, err
	}
	return g, nil
}

// RevokeOpaque forgets one opaque access token of r's client (RFC 7009); its
// grant lives on. ErrRefused as for Revoke.
func (s *Grants) RevokeOpaque(ctx context.Context, r Request) error {
	c, err := secret.ParseCredential(secret.OpaqueAccessToken, r.Token)
	if err != nil {
		return ErrRefused.Because(err)
	}
	now, d := s.now(), c.Digest(s.options.Instance)
	_, g, _, err := s.Store.ByAccess(ctx, d, now)
	if err == nil && g.Client != r.Client {
		return ErrRefused.Becausef("an access token of another client")
	}
	if errors.Is(err, ErrUnknown) {
		return s.revokeOwnOpaque(ctx, d, r)
	}
	if err == nil {
		err = s.Store.EndAccess(ctx, d, now, g.event(RevokedEvent, now, r.Source))
	}
	if errors.Is(err, ErrUnknown) {
		return ErrRefused.Because(err)
	}
	return err
}

// RevokeJWT makes one access token void whose claims have been verified (RFC
// 7009), one that was exchanged say; its grant lives on. ErrRefused when it is another client's, or of a
// grant that is gone and cannot be told from one.
func (s *Grants) RevokeJWT(ctx context.Context, claims *jwt.Access, r Request) error {
	id, err := ParseAccessID(claims.ID)
	if err != nil {
		return ErrRefused.Because(err)
	}
	of, err := ParseID(claims.Grant)
	if err != nil {
		return ErrRefused.Because(err)
	}
	now := s.now()
	g, _, err := s.Store.ByID(ctx, of, now)
	if err == nil && claims.ClientID != r.Client {
		return ErrRefused.Becausef("an access token of another client")
	}
	if err == nil {
		err = s.Store.EndJWT(ctx, of, id, now, g.event(RevokedEvent, now, r.Source))
	}
	if errors.Is(err, ErrUnknown) {
		return ErrRefused.Because(err)
	}
	return err
}

// End ends a grant of an account, by its owner or somebody who may. ErrUnknown
// when the account has no such living grant.
func (s *Grants) End(ctx context.Context, by user.Caller, owner user.ID, id ID, cause Cause) error {
	now := s.now()
	g, _, err := s.Store.ByID(ctx, id, now)
	if err != nil {
		return err
	}
	if g.User != owner {
		return ErrUnknown
	}
	ev := by.Event(RevokedEvent, now, owner).With("grant", id.String())
	ev.Client, ev.Reason = g.Client, string(cause)
	return s.Store.End(ctx, id, cause, now, ev)
}

// Replayed ends a grant whose code came a second time, right in everything
// (OA-16), records ev and tells the owner. ErrUnknown when it is not living.
func (s *Grants) Replayed(ctx context.Context, id ID, ev audit.Event, from audit.Source) error {
	now := s.now()
	g, _, err := s.Store.ByID(ctx, id, now)
	if err != nil {
		return err
	}
	ev = ev.With("grant", id.String())
	ev.Reason = string(CodeReplayed)
	if err := s.Store.End(ctx, id, CodeReplayed, now, ev); err != nil {
		return err
	}
	s.Notices.GrantEnded(ctx, g, CodeReplayed, from)
	return nil
}

// Claims returns the claims parameter that a grant remembers, nil if none, or
// ErrUnknown.
func (s *Grants) Claims(ctx context.Context, id ID) (json.RawMessage, error) {
	g, _, err := s.Store.ByID(ctx, id, s.now())
	return g.Claims, err
}

// EndClient ends all grants of an account for a client, for example because
// consent was withdrawn (OA-47), and returns how many. An empty client is all.
func (s *Grants) EndClient(ctx context.Context, by user.Caller, owner user.ID, client string, cause Cause) (int, error) {
	now := s.now()
	ev := by.Event(RevokedEvent, now, owner)
	ev.Client, ev.Reason = client, string(cause)
	return s.Store.EndOf(ctx, owner, client, cause, now, ev)
}

// Of returns the living grants of an account, newest first.
func (s *Grants) Of(ctx context.Context, owner user.ID) ([]Grant, error) {
	return s.Store.Of(ctx, owner, s.now())
}

// keepEnded is how long ended grants stay, for the list and the log.
const keepEnded = 30 * 24 * time.Hour

// perSweep bounds the rows of one background act (TH-26).
const perSweep = 200

// sweepPages bounds how many grants one Sweep looks at: with a million of them,
// looking at all each minute would keep a third of a core busy.
const sweepPages = 100

// Sweep ends what is over and forgets what ended long ago. It looks at so many
// grants, in acts of a few, and the next Sweep goes on behind them; run it every
// minute, and not while the clock is in doubt (TH-4). It returns how many ended.
func (s *Grants) Sweep(ctx context.Context) (ended int, err error) {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for range sweepPages {
		next, n, err := s.Store.Bury(ctx, s.swept, s.now(), perSweep)
		ended += n
		if err != nil {
			return ended, err
		}
		if s.swept = next; next.IsZero() {
			break
		}
	}
	for {
		now := s.now()
		n, err := s.Store.Sweep(ctx, now.Add(-keepEnded), now, perSweep)
		if err != nil || n == 0 {
			return ended, err
		}
	}
}
