package storetest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
)

var codes = []test{
	{"what is kept is what is read", codeRoundTrip},
	{"nothing is born after the act", codeBirthAfter},
	{"nothing is redeemed after the act", codeRedeemAfter},
	{"a code is redeemed once", codeOnce},
	{"a code and its grant, or neither", codeWhole},
	{"late and signed out", codeOver},
	{"codes are forgotten", codeSweep},
}

const testVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// code is one that the owner's session could have got.
func (a *app) code(s session.Session) authcode.Code {
	return authcode.Code{
		Digest: digest(), Client: string(a.client.ID), ClientVersion: a.readClient(a.client.ID).Version,
		User: a.owner.ID, UserVersion: a.reread(a.owner).Version, Session: authcode.SessionID(s.ID),
		RedirectURI: "https://app.example.test/callback", Challenge: authcode.Challenge(testVerifier), Scope: "openid posts:read",
		AuthTime: a.now, CreatedAt: a.now, ExpiresAt: a.now.Add(authcode.Life),
	}
}

func (a *app) insert(c authcode.Code) error {
	return a.Codes().Insert(a.ctx, c, a.event(authcode.IssuedEvent, c.User))
}

// redeem is what the token endpoint does, in one transaction.
func (a *app) redeem(c authcode.Code, b token.Birth) (p token.Pending, err error) {
	err = a.InTx(a.ctx, func(tx store.Set) error {
		if p, err = a.BeginIn(a.ctx, tx.Tokens(), b); err != nil {
			return err
		}
		return tx.Codes().Redeem(a.ctx, c.Digest, p.Grant(), a.now)
	})
	return p, err
}

// OA-15
func codeRoundTrip(t *testcase) {
	a := t.app("web")
	c := a.code(a.sitting())
	c.RedirectGiven, c.Offline, c.Nonce, c.JKT, c.ACR = true, true, "n-0S6_WzA2Mj", "thumbprint", "1"
	c.Audiences, c.Methods = []string{audience}, []string{"pwd", "otp"}
	c.Claims, c.Details = json.RawMessage(`{"userinfo":{"name":null}}`), json.RawMessage(`[{"type":"payment"}]`)
	a.ok(a.insert(c))
	got, err := a.Codes().ByDigest(a.ctx, c.Digest)
	a.ok(err)
	a.same(got, c)
	_, err = a.Codes().ByDigest(a.ctx, digest())
	a.is(err, authcode.ErrUnknown)
	b := a.birth(byClient)
	b.Claims, b.Details = c.Claims, c.Details
	p, err := a.redeem(c, b)
	a.ok(err)
	g, _, err := a.Tokens().ByID(a.ctx, p.Grant(), a.now)
	a.ok(err)
	a.same([]string{string(g.Claims), string(g.Details)}, []string{string(c.Claims), string(c.Details)})
	got, err = a.Codes().ByDigest(a.ctx, c.Digest)
	a.ok(err)
	a.same([]any{got.Grant, got.RedeemedAt}, []any{[16]byte(p.Grant()), a.now})
	trail := a.trail(a.owner)
	a.same(trail[len(trail)-2:], []string{"code.issued", "token.issued"})
}

// TH-1: proven before, born after: not born.
func codeBirthAfter(t *testcase) {
	t.eachAct(func(a *app, b token.Birth, act func(store.Set) error) {
		s, err := a.Sessions().ByID(a.ctx, session.ID(b.Session))
		a.ok(err)
		c := a.code(s)
		a.ok(act(a.Store))
		a.is(a.insert(c), authcode.ErrBirth)
		_, err = a.Codes().ByDigest(a.ctx, c.Digest)
		a.is(err, authcode.ErrUnknown)
	})
}

// TH-1: a code of before the act is worth nothing after it, also for a grant that
// would outlive its session.
func codeRedeemAfter(t *testcase) {
	t.eachAct(func(a *app, b token.Birth, act func(store.Set) error) {
		s, err := a.Sessions().ByID(a.ctx, session.ID(b.Session))
		a.ok(err)
		bound, offline := a.code(s), a.code(s)
		a.ok(a.insert(bound))
		a.ok(a.insert(offline))
		a.ok(act(a.Store))
		for _, c := range []authcode.Code{bound, offline} {
			if _, err := a.redeem(c, b); !errors.Is(err, token.ErrBirth) && !errors.Is(err, authcode.ErrSpent) {
				a.Errorf("redeemed after the act: %v", err)
			}
			b.Session = token.SessionID{} // the second would outlive its session
		}
		grants, err := a.Of(a.ctx, a.owner.ID)
		a.ok(err)
		a.same(len(grants), 0)
	})
}

// OA-16: fifty redemptions at once, one grant.
func codeOnce(t *testcase) {
	a := t.app("web")
	for _, sender := range []token.Sender{nobody, byClient} {
		c := a.code(a.sitting())
		a.ok(a.insert(c))
		before, err := a.Of(a.ctx, a.owner.ID)
		a.ok(err)
		b := a.birth(sender)
		a.once(authcode.ErrSpent, func(int) error {
			_, err := a.redeem(c, b)
			return err
		})
		after, err := a.Of(a.ctx, a.owner.ID)
		a.ok(err)
		a.same(len(after), len(before)+1)
	}
}

// What refuses the code leaves no grant, and what refuses the grant no use.
func codeWhole(t *testcase) {
	a := t.app("web")
	a.is(a.insert(a.code(a.signIn(a.person()))), authcode.ErrBirth) // somebody else's session
	c, b := a.code(a.sitting()), a.birth(byClient)
	a.ok(a.insert(c))
	stale := b
	stale.UserVersion++
	_, err := a.redeem(c, stale)
	a.is(err, token.ErrBirth)
	p, err := a.redeem(c, b)
	a.ok(err)
	_, err = a.redeem(c, b)
	a.is(err, authcode.ErrSpent)
	grants, err := a.Of(a.ctx, a.owner.ID)
	a.ok(err)
	a.same(len(grants), 1)
	a.same(grants[0].ID, p.Grant())
}

// OA-15
func codeOver(t *testcase) {
	a := t.app("web")
	s := a.sitting()
	c, b := a.code(s), a.birth(byClient)
	a.ok(a.insert(c))
	a.later(authcode.Life)
	_, err := a.redeem(c, b)
	a.is(err, authcode.ErrSpent)
	c = a.code(s)
	a.ok(a.insert(c))
	a.later(authcode.Life - time.Microsecond)
	_, err = a.redeem(c, b)
	a.ok(err)
}

func codeSweep(t *testcase) {
	a := t.app("web")
	s := a.sitting()
	old := a.code(s)
	a.ok(a.insert(old))
	a.later(time.Minute)
	fresh := a.code(s)
	a.ok(a.insert(fresh))
	n, err := a.Codes().Sweep(a.ctx, fresh.ExpiresAt, 10)
	a.ok(err)
	a.same(n, 1)
	_, err = a.Codes().ByDigest(a.ctx, old.Digest)
	a.is(err, authcode.ErrUnknown)
	_, err = a.Codes().ByDigest(a.ctx, fresh.Digest)
	a.ok(err)
}
