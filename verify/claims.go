package verify

import (
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/jwt"
)

// identityOf is what checked claims say. A subject that is the client itself is a
// program in its own name (RFC 9068, section 5).
func identityOf(a *jwt.Access) *Identity {
	c := Claims{
		Kind: User, Issuer: a.Issuer, Subject: a.Subject, Roles: a.Roles, Session: a.Session,
		ClientID: a.ClientID, Grant: a.Grant, CredentialID: a.ID, Audience: a.Audience,
		Scopes: strings.Fields(a.Scope), Methods: a.AMR, Assurance: assurance(a.ACR),
		ExpiresAt: time.Unix(a.Expiry, 0).UTC(), Actor: actorOf(a.Actor),
	}
	if a.Subject == a.ClientID {
		c.Kind = Client
	}
	if a.AuthTime > 0 {
		c.AuthenticatedAt = time.Unix(a.AuthTime, 0).UTC()
	}
	for _, o := range a.Org {
		c.Organizations = append(c.Organizations, Organization{ID: o.ID, Slug: o.Slug, Roles: o.Roles})
	}
	who := NewIdentity(c)
	return &who
}

func actorOf(a *jwt.Actor) *Actor {
	if a == nil {
		return nil
	}
	return &Actor{Subject: a.Subject, Actor: actorOf(a.Actor)}
}

// acr is how a level of assurance is written in the claim acr and in acr_values.
func acr(level int) string { return strconv.Itoa(level) }

// assurance reads the claim acr; what is no level of ours is level 0.
func assurance(acr string) int {
	if len(acr) != 1 || acr[0] < '1' || acr[0] > '3' {
		return 0
	}
	return int(acr[0] - '0')
}
