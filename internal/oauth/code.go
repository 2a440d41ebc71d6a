package oauth

import (
	"context"
	"errors"
	"slices"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/devicecode"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/token"
)

// Codes finds codes; authcode.Codes is one.
type Codes interface {
	Find(ctx context.Context, text string) (authcode.Code, error)
}

// Tx is the transaction that redeems a code and begins its grant.
type Tx interface {
	Tokens() token.Store
	Codes() authcode.Store
	DeviceCodes() devicecode.Store
	Logouts() logout.Store
}

// code is the hook of authorization_code (RFC 6749 section 4.1.3). Whatever is
// wrong with a request is found before anything changes, so it harms nobody; only
// a second request that is right in everything ends what the first one began
// (OA-16).
func (f *Flow) code(ctx context.Context, c *caller, r Request) (token.Issued, error) {
	if r.Form["code"] == "" {
		return token.Issued{}, ErrInvalidRequest.Becausef("no code")
	}
	code, err := f.o.Codes.Find(ctx, r.Form["code"])
	if err != nil {
		return token.Issued{}, err
	}
	if err := code.Match(presented(c, r)); err != nil {
		return token.Issued{}, err
	}
	switch {
	case code.Redeemed():
		return token.Issued{}, f.codeReplayed(ctx, c, &code)
	case code.Expired(f.now()):
		return token.Issued{}, authcode.ErrExpired
	}
	pending, err := f.redeem(ctx, c, &code, r.Resource)
	if errors.Is(err, authcode.ErrSpent) {
		return token.Issued{}, f.overtaken(ctx, c, r.Form["code"], err)
	}
	if err != nil {
		return token.Issued{}, err
	}
	c.login = login{nonce: code.Nonce, session: token.SessionID(code.Session)}
	return pending.Sign(ctx)
}

func presented(c *caller, r Request) authcode.Presented {
	return authcode.Presented{
		Client: string(c.ID), RedirectURI: r.Form["redirect_uri"], Verifier: r.Form["code_verifier"], JKT: c.jkt, NeedsRedirect: c.OAuth20Only,
	}
}

// redeem spends the code and begins the grant in one act. The account's lock comes
// before the code's, as where accounts are deleted.
func (f *Flow) redeem(ctx context.Context, c *caller, code *authcode.Code, wanted []string) (p token.Pending, err error) {
	b, err := f.birth(c, code, wanted)
	if err != nil {
		return p, err
	}
	audiences := wanted
	if len(audiences) == 0 {
		audiences = b.Audiences
	}
	// Asked now: a transaction must not wait for another connection, nor fill what
	// is kept in memory (TH-10).
	rules, err := f.o.Grants.Rules(ctx, code.Client, audiences)
	if err != nil {
		return p, err
	}
	b.Rules = &rules
	err = f.o.InTx(ctx, func(tx Tx) error {
		if p, err = f.o.Grants.BeginIn(ctx, tx.Tokens(), b); err != nil {
			return err
		}
		if err := f.join(ctx, tx.Logouts(), c.Client, code.User, token.SessionID(code.Session), code.Scope); err != nil {
			return err
		}
		return tx.Codes().Redeem(ctx, code.Digest, p.Grant(), f.now())
	})
	return p, err
}

// birth is the grant that a code becomes. Without offline_access it ends with the
// session (OA-47).
func (f *Flow) birth(c *caller, code *authcode.Code, wanted []string) (token.Birth, error) {
	audiences, err := f.granted(c.Client, code.Audiences, code.Scope)
	if err != nil {
		return token.Birth{}, err
	}
	b := token.Birth{
		User: code.User, UserVersion: code.UserVersion, Client: code.Client, ClientVersion: code.ClientVersion,
		Session: token.SessionID(code.Session), Audiences: audiences, Scope: code.Scope, Claims: code.Claims, Details: code.Details,
		Sender: c.sender(), Methods: code.Methods, ACR: code.ACR, AuthTime: code.AuthTime,
		Refresh: c.May(client.GrantRefresh), Stays: c.stays(), Idle: c.RefreshIdle, Life: c.RefreshLife,
		Wanted: token.Wanted{Audiences: wanted, JKT: c.jkt}, Source: c.source,
	}
	if code.Offline {
		b.Session = token.SessionID{}
	}
	return b, nil
}

// granted are the audiences of a person's grant: the resources it was asked for,
// and UserInfo for who may ask there. Our own API is for first-party clients only:
// whoever is shown such a token could use it on the account.
func (f *Flow) granted(c client.Client, asked []string, scope string) ([]string, error) {
	if slices.Contains(asked, f.o.Issuer) && !c.FirstParty {
		return nil, ErrInvalidTarget.Becausef("%s for client %s", f.o.Issuer, c.ID)
	}
	if slices.Contains(asked, f.o.Issuer) || slices.Contains(asked, f.userInfo) {
		return asked, nil
	}
	if len(asked) > 0 && !claims.HasScope(scope, openid) {
		return asked, nil
	}
	return append(slices.Clip(asked), f.userInfo), nil
}

// stays reports whether a refresh token of c is not rotated (OA-44).
func (c *caller) stays() bool {
	return c.May(client.GrantRefresh) && !c.Profile.Rules().Rotates && c.sender().Kind != token.Unproven
}

// overtaken finds out why a code could not be redeemed that could be a moment ago.
func (f *Flow) overtaken(ctx context.Context, c *caller, text string, cause error) error {
	code, err := f.o.Codes.Find(ctx, text)
	switch {
	case err != nil:
		return err
	case code.Redeemed():
		return f.codeReplayed(ctx, c, &code)
	}
	return cause
}

// codeReplayed ends what the first use began (OA-16).
func (f *Flow) codeReplayed(ctx context.Context, c *caller, code *authcode.Code) error {
	err := f.o.Grants.Replayed(ctx, token.ID(code.Grant), code.ReplayEvent(f.now(), c.source), c.source)
	if err != nil && !errors.Is(err, token.ErrUnknown) {
		return err
	}
	return authcode.ErrSpent.Becausef("replayed; grant %s ended", token.ID(code.Grant))
}
