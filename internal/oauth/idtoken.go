package oauth

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// openid is the scope that makes an authorization request one of OpenID Connect.
const openid = "openid"

// login is what only the ID token of a code repeats of the sign-in. The zero login
// is a refresh: no nonce, and the session of the grant (Core section 12.2).
type login struct {
	nonce   string
	session token.SessionID
}

// idToken is the ID token beside an access token.
func (f *Flow) idToken(ctx context.Context, c client.Client, i token.Issued, of login) (string, error) {
	if of.session.IsZero() {
		of.session = i.Grant.Session
	}
	id := f.idClaims(c, i.Grant.User, i.Grant.AuthTime, i.Grant.ACR, i.Grant.Methods, of)
	id.IssuedAt, id.Expiry = i.IssuedAt.Unix(), i.ExpiresAt.Unix()
	id.AccessHash = jwt.Half(jose.Algorithm(c.IDTokenAlg), i.Access.Reveal())
	return f.signID(ctx, c, id, i.Grant.User, claims.Place{}, string(i.Grant.Claims))
}

func (f *Flow) idClaims(c client.Client, u user.ID, authTime time.Time, acr string, methods []string, of login) *jwt.ID {
	return &jwt.ID{
		Issuer: f.o.Issuer, Subject: f.Subject(c, u), Audience: string(c.ID), AuthTime: authTime.Unix(), Nonce: of.nonce,
		ACR: acr, AMR: methods, Session: of.session.String(),
	}
}

// frontLife is how long an ID token is good that came by way of the browser.
const frontLife = 5 * time.Minute

// Front is the ID token of an authorization response: beside the code text (code
// id_token), or alone, when text is empty (id_token). Only alone do scopes put
// claims in it, because there will be no access token for UserInfo (Core section 5.4).
// The request must have had a nonce: ErrInvalidRequest.
func (f *Flow) Front(ctx context.Context, code authcode.Code, text string) (string, error) {
	if code.Nonce == "" {
		return "", ErrInvalidRequest.Becausef("no nonce")
	}
	c, err := f.o.Registry.Client(ctx, code.Client)
	if err != nil {
		return "", err
	}
	id := f.idClaims(c, code.User, code.AuthTime, code.ACR, code.Methods, login{code.Nonce, token.SessionID(code.Session)})
	now := f.now()
	id.IssuedAt, id.Expiry = now.Unix(), now.Add(frontLife).Unix()
	place := claims.Place{Scope: code.Scope}
	if text != "" {
		id.CodeHash, place.Scope = jwt.Half(jose.Algorithm(c.IDTokenAlg), text), ""
	}
	err = f.o.InTx(ctx, func(tx Tx) error {
		return f.join(ctx, tx.Logouts(), c, code.User, token.SessionID(code.Session), code.Scope)
	})
	if err != nil {
		return "", err
	}
	return f.signID(ctx, c, id, code.User, place, string(code.Claims))
}

// signID adds what is told of the person, if anything, and signs.
func (f *Flow) signID(ctx context.Context, c client.Client, id *jwt.ID, u user.ID, place claims.Place, parameter string) (string, error) {
	if parameter != "" {
		asked, err := claims.Parse(parameter)
		if err != nil {
			return "", err
		}
		place.Asked, place.May = asked.IDToken, c.MayAsk
	}
	if place.Scope != "" || len(place.Asked) > 0 {
		who, err := f.o.People.Person(ctx, u)
		if err != nil {
			return "", err
		}
		id.More = trimComma(place.Append(nil, &who))
	}
	return f.o.Signer.Sign(ctx, jose.Algorithm(c.IDTokenAlg), jwt.TypeID, id.Append(make([]byte, 0, 512)))
}

func trimComma(members []byte) []byte {
	if len(members) > 0 {
		return members[1:]
	}
	return nil
}
