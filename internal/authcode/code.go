package authcode

import (
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Purpose of the secret.
const Purpose secret.Purpose = "code"

const (
	// Life is how long a code is good (OA-15, FAPI 2.0 section 5.3.2.2).
	Life = time.Minute
	// Kept is how long a code is remembered, so that its replay is known.
	Kept = 24 * time.Hour
)

// Code is what was decided when a person let a client in. Everything but the
// fields named as the store's or Issue's is given by whoever issues it.
type Code struct {
	Digest        secret.Digest // set by Issue
	Client        string
	ClientVersion int64 // that was seen
	User          user.ID
	UserVersion   int64    // that was proven
	Session       [16]byte // the person's; never zero
	RedirectURI   string   // where the code was sent, as it is registered or was asked for
	RedirectGiven bool     // the request named it
	Challenge     string   // S256, 43 characters; empty: the client is registered to need none
	Nonce         string
	Scope         string          // as granted, names separated by single spaces
	Audiences     []string        // resources granted; empty: none was named
	JKT           string          // key the request was bound to (dpop_jkt, or the proof of PAR); empty: none
	Methods       []string        // RFC 8176 names
	ACR           string          // of the session
	AuthTime      time.Time       // when the person proved who they are
	Claims        json.RawMessage // the claims parameter, as far as it was consented to; nil: none
	Details       json.RawMessage // authorization_details as granted; nil: none
	Offline       bool            // offline_access was granted: tokens outlive the session
	CreatedAt     time.Time       // set by Issue
	ExpiresAt     time.Time       // set by Issue
	RedeemedAt    time.Time       // the store's; zero: unused
	Grant         [16]byte        // the store's: what it became; zero: unused
}

// Expired reports whether c is too old to be redeemed at now.
func (c *Code) Expired(now time.Time) bool { return !now.Before(c.ExpiresAt) }

// Redeemed reports whether c was used.
func (c *Code) Redeemed() bool { return !c.RedeemedAt.IsZero() }

// valid refuses what no authorization request may lead to.
func (c *Code) valid() bool {
	return c.Client != "" && !c.User.IsZero() && c.Session != [16]byte{} && c.RedirectURI != "" && !c.AuthTime.IsZero() &&
		(c.Challenge == "" || ValidChallenge(c.Challenge))
}

// event starts an event by the code's client about its person.
func (c *Code) event(n audit.Name, now time.Time, from audit.Source) audit.Event {
	ev := audit.New(n, now, audit.Actor{Type: audit.ActorUser, ID: c.User.String()}, from, c.User.String())
	ev.Client = c.Client
	return ev
}
