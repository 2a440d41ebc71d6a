package app

import (
	"cmp"
	"context"
	"net/http"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/requestobject"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// wireAuthorize makes what takes authorization requests.
func (a *App) wireAuthorize(context.Context) error {
	a.Authorize = authorize.New(authorize.Options{
		Issuer: a.Issuer(), Instance: a.facts.ID, Registry: a.Registry, Scopes: a.store.Resources(), Requests: a.store.AuthRequests(),
		Sessions: a.store.Sessions(), Consents: a.store.Consents(), Codes: a.Codes,
		InTx: func(ctx context.Context, fn func(authorize.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Objects:  requestobject.New(requestobject.Options{Issuer: a.Issuer(), Keys: a.Registry, Documents: documents{a.egress, documentTime}, Now: a.c.Now}),
		Keys:     func() jose.Keys { return a.Signing.Public(signing.Token) },
		IDTokens: a.OAuth, Subjects: a.OAuth, Notices: consentNotices{a},
		Reach:  func(ctx context.Context, owner user.ID) (int, error) { return a.SignIn.Reach(ctx, owner) },
		SignUp: !a.c.NoSignUp, Rates: a.rates, Now: a.c.Now, Log: a.c.Log,
		Record: func(ctx context.Context, ev audit.Event) error { return a.suspect.record(ctx, ev, ev.Client) },
	})
	return nil
}

// consentNotices tells people which app they let act for them.
type consentNotices struct{ app *App }

func (n consentNotices) Consented(ctx context.Context, owner user.ID, c client.Client, from audit.Source) {
	if err := n.app.notify(ctx, owner, mail.AppAllowed, cmp.Or(c.Name, string(c.ID)), from); err != nil {
		n.app.c.Log.Error("nobody was told that an app may act for them", "client", c.ID, "error", err)
	}
}

// others counts the further accounts that are signed in to in r's browser. What
// cannot be told counts as none: the one that is signed in is a choice too.
func (a *App) others(r *http.Request) int {
	further, err := a.Frame.Further(r)
	if err != nil {
		return 0
	}
	return len(further)
}
