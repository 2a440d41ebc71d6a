package revocation

import (
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
)

const (
	// Keep is how long entries outlive the last token they can concern: longer
	// than anything a cache may hold.
	Keep = 24 * time.Hour
	// Leeway is the most that a verifier's clock may be off. Entries live twice
	// as long beyond the tokens they concern (TH-15).
	Leeway = time.Minute
	// Budget is how many single entries (sessions, grants, tokens) one account
	// may have alive. With the next it loses them all to its token version
	// (TH-17).
	Budget = 50
	// Wide is how many accounts one act tells one by one; with more it tells
	// everybody (TH-17).
	Wide = 1000
)

// Kind says what an Entry's Value names.
type Kind string

const (
	// Session: the session with this id has ended.
	Session Kind = "sid"
	// Grant: the grant or refresh family with this id has ended.
	Grant Kind = "gid"
	// Subject: everything born of this account is dead, and its tokens with a
	// token version below Version.
	Subject Kind = "sub"
	// Client: tokens of this client with a version below Version are dead.
	Client Kind = "client"
	// Key: whatever this key signed is void, for ever.
	Key Kind = "kid"
	// Token: the one token with this id is dead.
	Token Kind = "jti"
	// Refresh: no session ended, but what is known of this account (state, roles,
	// memberships, name), client or resource must be read again. With a Version authority was lost,
	// and the account's tokens below it are dead.
	Refresh Kind = "refresh"
	// Instance: forget everything, read again. With a Version tokens with a token
	// version below it are dead, whoever they are of.
	Instance Kind = "instance"
)

// Entry is one thing that ended early. Values are the bare 16 bytes of an id; of
// a client or key what feed.RawValue makes of its name, of a resource its digest.
type Entry struct {
	Number  int64 // assigned after commit; 0 until then
	Kind    Kind
	Value   [16]byte
	Version int64 // of tokens: see the kinds
	At      time.Time
	Until   time.Time // nothing it concerns lives longer; zero: for ever
	// Audiences are the resources that had tokens this concerns: nil is all of
	// them, an empty list none.
	Audiences []string
}

// Published reports whether entries like e are for followers outside at all.
func (e *Entry) Published() bool {
	switch e.Kind {
	case Refresh, Instance:
		return e.Version > 0
	}
	return true
}

var kinds = map[Kind]feed.Kind{
	Session: feed.Session, Grant: feed.Grant, Subject: feed.Subject, Refresh: feed.Subject,
	Client: feed.Client, Key: feed.Key, Token: feed.Token, Instance: feed.Instance,
}

// Token is what e says of tokens, with its raw value; ok is false when it says
// nothing of them.
func (e *Entry) Token() (t feed.Entry, ok bool) {
	if !e.Published() {
		return t, false
	}
	t = feed.Entry{Kind: kinds[e.Kind], Value: e.Value, Version: e.Version}
	if !e.Until.IsZero() {
		t.Until = e.Until.Unix() + 1 // never early
	}
	return t, t.Kind != 0
}
