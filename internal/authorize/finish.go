package authorize

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/consent"
	"github.com/mortise-auth/mortise/internal/resource"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// finish ends a request in one act: it is completed, what was agreed to is
// remembered, and the code is born of the session as it was read (TH-1).
func (f *Flow) finish(ctx context.Context, k *kept, s session.Session, v Visit, chosen Choice, agreed bool) (Response, error) {
	scopes, asked := k.grant(chosen)
	code := k.code(s, scopes, asked)
	now := f.now()
	first := agreed && f.first(ctx, s.User, k.client)
	var t secret.Token
	err := f.o.InTx(ctx, func(tx Tx) (err error) {
		if row, ok := k.toComplete(); ok {
			if err := tx.AuthRequests().Complete(ctx, row, now); err != nil {
				return err
			}
		}
		if agreed {
			c := consent.Consent{
				User: s.User, UserVersion: s.UserVersion, Client: string(k.client.ID), Scopes: asked, Audiences: k.audiences,
				Details: k.digests(), CreatedAt: now, UpdatedAt: now,
			}
			if err := tx.Consents().Put(ctx, c, k.event(consent.Given, now, s, v).With("scope", resource.FormatScopes(asked))); err != nil {
				return err
			}
		}
		if k.hasCode() {
			t, err = f.o.Codes.IssueIn(ctx, tx.Codes(), code, v.Source)
		}
		return err
	})
	if errors.Is(err, authreq.ErrOver) {
		return Response{}, ended(authreq.ErrOver, k.client)
	}
	if err != nil {
		return Response{}, err
	}
	if first {
		f.o.Notices.Consented(ctx, s.User, k.client, v.Source)
	}
	return f.answer(ctx, k, code, t)
}

// first reports whether owner is to be told that they agree to something of c for the
// first time. It does not lock: of two at once both may be the first.
func (f *Flow) first(ctx context.Context, owner user.ID, c client.Client) bool {
	if f.o.Notices == nil || c.FirstParty {
		return false
	}
	_, err := f.o.Consents.Get(ctx, owner, string(c.ID))
	return errors.Is(err, consent.ErrNone)
}

// answer is the response that carries what was issued.
func (f *Flow) answer(ctx context.Context, k *kept, code authcode.Code, t secret.Token) (Response, error) {
	var params [][2]string
	if k.hasCode() {
		params = append(params, [2]string{"code", t.Reveal()})
	}
	if k.hasIDToken() {
		if f.o.IDTokens == nil {
			return Response{}, k.refuse(f.o.Issuer, ErrResponseType.Becausef("nothing makes ID tokens here"))
		}
		id, err := f.o.IDTokens.Front(ctx, code, t.Reveal())
		if err != nil {
			return Response{}, err
		}
		params = append(params, [2]string{"id_token", id})
	}
	return k.respond(params, f.o.Issuer), nil
}

// grant is what of the request was agreed to: the scopes of the token, and all
// that the page asked, which has those of claims asked for by name too.
func (k *kept) grant(chosen Choice) (scopes, asked []string) {
	agreed := func(name string) bool {
		return chosen.Scopes == nil || k.required(name) || slices.Contains(chosen.Scopes, name)
	}
	for _, name := range k.asks() {
		if !agreed(name) {
			continue
		}
		asked = append(asked, name)
		if slices.Contains(k.scopes, name) {
			scopes = append(scopes, name)
		}
	}
	return scopes, asked
}

// code is what the code is bound to (OA-15).
func (k *kept) code(s session.Session, scopes, asked []string) authcode.Code {
	acr, _ := k.acr(s.Assurance)
	within := func(scope string) bool { return slices.Contains(asked, scope) }
	return authcode.Code{
		Client: string(k.client.ID), ClientVersion: k.client.Version, User: s.User, UserVersion: s.UserVersion, Session: authcode.SessionID(s.ID),
		RedirectURI: k.redirect, RedirectGiven: k.given, Challenge: k.challenge, Nonce: k.nonce, Scope: resource.FormatScopes(scopes),
		Audiences: k.audiences, JKT: k.jkt, Methods: s.Methods, ACR: acr, AuthTime: s.AuthenticatedAt,
		Claims: k.claims.Within(within).JSON(), Details: k.granted(), Offline: slices.Contains(scopes, offline),
	}
}

// event begins an event by the person of a session about the client.
func (k *kept) event(n audit.Name, now time.Time, s session.Session, v Visit) audit.Event {
	subject := s.User.String()
	ev := audit.New(n, now, audit.Actor{Type: audit.ActorUser, ID: subject}, v.Source, subject).InSession(s.ID.String())
	ev.Client = string(k.client.ID)
	return ev
}
