package oauth

import (
	"context"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/claims"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/token"
)

// The errors of RFC 8628 section 3.5.
var (
	ErrPending      = problem.New(problem.Invalid, "authorization_pending", "Nobody has decided yet. Ask again after the interval.")
	ErrSlowDown     = problem.New(problem.Invalid, "slow_down", "This device asks too often. Wait five seconds longer between requests from now on.")
	ErrDenied       = problem.New(problem.Invalid, "access_denied", "The person refused. Start again if that was a mistake.")
	ErrExpiredToken = problem.New(problem.Invalid, "expired_token", "Nobody decided in time. Start again for a new code.")
)

// DeviceAuthorization is the answer of RFC 8628 section 3.2.
type DeviceAuthorization struct {
	DeviceCode secret.Text
	UserCode   string
	ExpiresIn  time.Duration
	Interval   time.Duration
}

// AuthorizeDevice answers the device authorization endpoint. The client
// authenticates as at the token endpoint; errors as of Token.
func (f *Flow) AuthorizeDevice(ctx context.Context, r Request) (DeviceAuthorization, error) {
	c, err := f.authenticate(ctx, r.Client, r.Source)
	if err != nil {
		return DeviceAuthorization{}, Registered(err)
	}
	if !c.May(client.GrantDevice) {
		return DeviceAuthorization{}, ErrUnauthorized.Becausef("not for device_code")
	}
	scope, err := scopesFor(c.Client, r.Form["scope"])
	if err != nil {
		return DeviceAuthorization{}, err
	}
	audiences, err := f.wanted(c.Client, scope, r.Resource)
	if err != nil {
		return DeviceAuthorization{}, err
	}
	out, err := f.beginDevice(ctx, c, scope, audiences)
	if err == nil {
		f.done(ctx, c)
	}
	return out, err
}

// collisions bounds how often a user code is drawn that is in use: one in a
// hundred million when ten thousand devices wait.
const collisions = 3

func (f *Flow) beginDevice(ctx context.Context, c *caller, scope string, audiences []string) (out DeviceAuthorization, err error) {
	now := f.now()
	code := secret.NewCredential(secret.DeviceCode)
	a := devicecode.Authorization{
		Digest: code.Digest(f.o.Instance), Client: string(c.ID), ClientVersion: c.Version, Scope: scope, Audiences: audiences,
		IP: c.source.IP, UserAgent: c.source.UserAgent, Place: c.source.Place, CreatedAt: now, ExpiresAt: now.Add(devicecode.Life),
		Interval: devicecode.Interval, State: devicecode.Pending,
	}
	ev := audit.New(devicecode.Requested, now, audit.Actor{Type: audit.ActorClient, ID: a.Client}, c.source, "")
	ev.Client = a.Client
	for range collisions {
		typed := devicecode.NewUserCode()
		a.UserCode = devicecode.UserDigest(f.o.Keys, typed)
		if err = f.o.Devices.Insert(ctx, a, ev); !errors.Is(err, devicecode.ErrTaken) {
			return DeviceAuthorization{secret.NewText(code.Reveal()), typed, devicecode.Life, a.Interval}, err
		}
	}
	return out, err
}

// device is the hook of device_code (RFC 8628 section 3.4).
func (f *Flow) device(ctx context.Context, c *caller, r Request) (token.Issued, error) {
	if r.Form["device_code"] == "" {
		return token.Issued{}, ErrInvalidRequest.Becausef("no device_code")
	}
	code, err := secret.ParseCredential(secret.DeviceCode, r.Form["device_code"])
	if err != nil {
		return token.Issued{}, ErrInvalidGrant.Because(err)
	}
	now := f.now()
	a, err := f.o.Devices.Poll(ctx, code.Digest(f.o.Instance), string(c.ID), now)
	switch {
	case errors.Is(err, devicecode.ErrUnknown):
		return token.Issued{}, ErrInvalidGrant.Because(err)
	case err != nil:
		return token.Issued{}, err
	}
	if err := waits(&a, now); err != nil {
		f.done(ctx, c) // a genuine code is no guess
		return token.Issued{}, err
	}
	return f.redeemDevice(ctx, c, a, now)
}

// waits is why a has no tokens yet, or never will; nil when it was approved.
func waits(a *devicecode.Authorization, now time.Time) error {
	switch {
	case a.State == devicecode.Redeemed:
		return ErrInvalidGrant.Becausef("redeemed")
	case a.State == devicecode.Refusal:
		return ErrDenied
	case !now.Before(a.ExpiresAt):
		return ErrExpiredToken
	case a.State == devicecode.Approval:
		return nil
	case a.TooSoon(now):
		return ErrSlowDown
	}
	return ErrPending
}

// redeemDevice spends the approval and begins the grant in one act, which asks
// again for the account, client and session that approved it (TH-1).
func (f *Flow) redeemDevice(ctx context.Context, c *caller, a devicecode.Authorization, now time.Time) (token.Issued, error) {
	rules, err := f.o.Grants.Rules(ctx, a.Client, a.Audiences) // before the transaction (TH-10)
	if err != nil {
		return token.Issued{}, err
	}
	b := token.Birth{
		User: a.By.User, UserVersion: a.By.UserVersion, Client: a.Client, ClientVersion: a.ClientVersion, Audiences: a.Audiences, Scope: a.Scope,
		Sender: c.sender(), Methods: a.By.Methods, ACR: a.By.ACR, AuthTime: a.By.AuthTime, Refresh: c.May(client.GrantRefresh), Stays: c.stays(),
		Idle: c.RefreshIdle, Life: c.RefreshLife, Wanted: token.Wanted{JKT: c.jkt}, Rules: &rules, Source: c.source,
	}
	if !claims.HasScope(a.Scope, "offline_access") {
		b.Session = token.SessionID(a.By.Session)
	}
	var pending token.Pending
	// The account's lock comes first, as where accounts are deleted.
	err = f.o.InTx(ctx, func(tx Tx) (err error) {
		if pending, err = f.o.Grants.BeginIn(ctx, tx.Tokens(), b); err != nil {
			return err
		}
		if err := f.join(ctx, tx.Logouts(), c.Client, a.By.User, b.Session, a.Scope); err != nil {
			return err
		}
		return tx.DeviceCodes().Redeem(ctx, a.Digest, a.Client, now)
	})
	if errors.Is(err, devicecode.ErrUnknown) {
		return token.Issued{}, ErrInvalidGrant.Because(err) // another request was sooner
	}
	if err != nil {
		return token.Issued{}, err
	}
	return pending.Sign(ctx)
}
