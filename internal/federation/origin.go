package federation

import "github.com/mortise-auth/mortise/internal/user"

// SessionID is the id of a session of ours.
type SessionID [16]byte

// Origin is what a session of ours began with: a link, and what the service said of
// the session over there. Theirs and ours are told apart: acr and amr here are not
// what the session is worth.
type Origin struct {
	Link    LinkID   `json:"link"`
	Session string   `json:"sid,omitempty"` // over there
	ACR     string   `json:"acr,omitempty"`
	AMR     []string `json:"amr,omitempty"`
}

// There names sessions over there: of a subject, of anybody's when it is empty, and
// of one session or of all when that is empty.
type There struct {
	Connection               ID
	Issuer, Subject, Session string
}

// Began is a live session of ours that began with a link.
type Began struct {
	Session SessionID
	User    user.ID
	Link    LinkID
}
