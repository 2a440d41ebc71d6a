package logout

import (
	"encoding/json"
	"time"
)

// lifetime is how long a logout token may be taken (Back-Channel Logout, 2.4:
// preferably at most two minutes).
const lifetime = 2 * time.Minute

// event is the one member of the claim events.
const event = "http://schemas.openid.net/event/backchannel-logout"

// claims are those of a logout token. There is no nonce, so that none is ever
// taken for an ID token.
type claims struct {
	Issuer   string              `json:"iss"`
	Subject  string              `json:"sub"`
	Audience string              `json:"aud"`
	IssuedAt int64               `json:"iat"`
	Expiry   int64               `json:"exp"`
	ID       string              `json:"jti"`
	Session  string              `json:"sid"`
	Events   map[string]struct{} `json:"events"`
}

// payload is what the token of d says when it is made now.
func (d *Delivery) payload(issuer string, now time.Time) ([]byte, error) {
	return json.Marshal(claims{
		Issuer: issuer, Subject: d.Subject, Audience: d.Client, IssuedAt: now.Unix(), Expiry: now.Add(lifetime).Unix(),
		ID: d.ID.String(), Session: d.Session.String(), Events: map[string]struct{}{event: {}},
	})
}
