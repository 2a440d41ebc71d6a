package federation

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Protocol speaks with one kind of service. It is safe for concurrent use, fetches
// nothing before it is used and goes out through the one outbound client.
//
// Errors of all methods are ErrRefused when the service, or the person at it, said
// no; ErrUpstream when it does not answer or answers what is no answer; ErrStatement
// when what it says fails a check.
type Protocol interface {
	// Begin returns where to send the browser, and what Finish must be given back.
	Begin(ctx context.Context, c Connection, a Ask) (address string, kept Kept, err error)
	// Finish judges what came back.
	Finish(ctx context.Context, c Connection, k Kept, a Answer) (Statement, error)
	// Refresh trades kept tokens for new ones. ErrRefused: they are no longer good.
	Refresh(ctx context.Context, c Connection, t Tokens) (Tokens, error)
	// Revoke gives kept tokens back. A service that takes none back is no error.
	Revoke(ctx context.Context, c Connection, t Tokens) error
	// Logout is the address that ends the person's session over there, empty when
	// the service has none.
	Logout(ctx context.Context, c Connection, l Leave) (address string, err error)
	// Ended judges a logout token that the service sent by itself (OpenID Connect
	// Back-Channel Logout). That it comes once is for the caller to see to: Ended.ID.
	Ended(ctx context.Context, c Connection, token string) (Ended, error)
}

// Ask is what is asked of the service.
type Ask struct {
	State       string // echoed by the service
	Callback    string // exact address to come back to
	LoginHint   string
	Prompt      string         // none, login, consent, select_account; empty: theirs to choose
	MaxAge      *time.Duration // honoured where Statement.AuthTime comes back; elsewhere that is zero
	ACRValues   []string
	Locales     []string
	DomainHints []string // hd of Google, domain_hint of Microsoft
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

// Leave is how a person leaves the service.
type Leave struct {
	ID        secret.Text // the last ID token, as a hint; may be empty
	Return    string      // where the browser comes back to; must be registered over there
	State     string      // echoed
	LoginHint string
}

// Ended says that a session over there is over.
type Ended struct {
	Issuer  string
	Subject string // empty: whoever was in Session
	Session string // empty: all of Subject's
	ID      string // jti: together with Issuer to be taken once
	Until   time.Time
}
