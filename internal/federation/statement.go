package federation

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Protocol speaks with one kind of service. It is safe for concurrent use, fetches
// nothing before it is used and goes out through the one outbound client.
type Protocol interface {
	// Begin returns where to send the browser, and what Finish must be given back.
	// ErrUpstream when the service cannot be asked.
	Begin(ctx context.Context, c Connection, a Ask) (address string, kept Kept, err error)
	// Finish judges what came back. ErrRefused when the service, or the person at
	// it, said no; ErrUpstream when it does not answer or answers what is no
	// answer; ErrStatement when what it says fails a check.
	Finish(ctx context.Context, c Connection, k Kept, a Answer) (Statement, error)
}

// Ask is what is asked of the service.
type Ask struct {
	State       string // echoed by the service
	Callback    string // exact address to come back to
	LoginHint   string
	Prompt      string // none, login, consent, select_account; empty: theirs to choose
	MaxAge      *time.Duration
	ACRValues   []string
	Locales     []string
	DomainHints []string // hd of Google, domain_hint of Microsoft
}

// Kept is what an attempt remembers between Begin and Finish, sealed in the
// browser that began it.
type Kept struct {
	Issuer   string      `json:"iss,omitempty"` // that the answer must come from (RFC 9207)
	Nonce    string      `json:"nonce,omitempty"`
	Verifier secret.Text `json:"-"` // PKCE; the attempt seals it by itself
	Callback string      `json:"cb"`
	MaxAge   *int64      `json:"max_age,omitempty"` // seconds; then auth_time is required
}

// Answer is what the browser brought back.
type Answer struct {
	Code, Issuer, Error, ErrorDescription string
	User                                  string // Apple's, once
	At                                    time.Time
}

// Statement is what a service says of a person, verified.
type Statement struct {
	Issuer   string // who says it; for services without one, the address of the connection's kind
	Subject  string // theirs, stable, never reassigned
	Claims   map[string]any
	AuthTime time.Time // zero: not told
	ACR      string
	AMR      []string
	Session  string // sid over there
	Tokens   *Tokens
}

// Tokens are the service's own.
type Tokens struct {
	Access, Refresh, ID secret.Text
	Scope               string
	ExpiresAt           time.Time // of Access; zero: not told
}
