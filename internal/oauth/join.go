package oauth

import (
	"context"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// join makes a client that is given an ID token of a session one of those that are
// told when the session ends, also when the client's own grant outlives it. Whoever
// wants no word costs no row.
func (f *Flow) join(ctx context.Context, st logout.Store, c client.Client, u user.ID, s token.SessionID, scope string) error {
	if s.IsZero() || c.BackchannelLogout == "" && c.FrontchannelLogout == "" || !claims.HasScope(scope, openid) {
		return nil
	}
	return st.Join(ctx, logout.Participant{Session: logout.SessionID(s), Client: string(c.ID), Subject: f.Subject(c, u), Since: f.now()})
}
