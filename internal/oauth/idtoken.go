package oauth

import (
	"context"
	"encoding/json"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/token"
)

// idClaims are the claims of an ID token (OpenID Connect Core, section 2) as a
// refresh may repeat them (12.2): of the original authentication, without nonce.
type idClaims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Session  string   `json:"sid,omitempty"`
	ACR      string   `json:"acr,omitempty"`
	AMR      []string `json:"amr,omitempty"`
}

// typeID is the typ of an ID token (JW-23).
const typeID = "JWT"

func (f *Flow) idToken(ctx context.Context, c client.Client, i token.Issued) (string, error) {
	claims := idClaims{
		Issuer: f.o.Issuer, Subject: i.Grant.User.String(), Audience: string(c.ID), Expiry: i.ExpiresAt.Unix(), IssuedAt: i.IssuedAt.Unix(),
		AuthTime: i.Grant.AuthTime.Unix(), ACR: i.Grant.ACR, AMR: i.Grant.Methods,
	}
	if !i.Grant.Session.IsZero() {
		claims.Session = i.Grant.Session.String()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return f.o.Signer.Sign(ctx, jose.Algorithm(c.IDTokenAlg), typeID, payload)
}
