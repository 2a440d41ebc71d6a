package endsession

import (
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Request is what a client asks. Every member may be empty.
type Request struct {
	Hint       string // id_token_hint
	Client     string // client_id
	To         string // post_logout_redirect_uri
	State      string // state
	LogoutHint string // logout_hint: which of several is meant, by e-mail address or sub; it proves nothing
}

// Who is somebody who is signed in in the browser.
type Who struct {
	User    user.ID
	Session session.ID
	Email   string
}

// Plan is what to do.
type Plan struct {
	// Ask: nothing ends, and nobody is sent on, before the person has said so. The
	// rest of the plan is for then.
	Ask bool
	// End is who is to be signed out; nil when nobody is signed in.
	End *Who
	// Client is the display name of who asks; empty when nobody knows.
	Client string
	// To is where the browser goes afterwards, state included; empty for nowhere.
	To string
}

// target is the registered address with the state, which is returned as it came.
func target(registered, state string) string {
	if registered == "" || state == "" {
		return registered
	}
	separator := "?"
	if strings.Contains(registered, "?") {
		separator = "&"
	}
	return registered + separator + "state=" + url.QueryEscape(state)
}
