package app

import (
	"context"
	"strings"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
	"github.com/mortise-auth/mortise/internal/federation/oidc"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	webfederation "github.com/mortise-auth/mortise/internal/web/federation"
	"github.com/mortise-auth/mortise/internal/web/people"
)

// wireFederation makes what signs people in with other services.
func (a *App) wireFederation(context.Context) error {
	a.Federate = federate.New(a.federateOptions(nil))
	return nil
}

// federateOptions are those of the flow. domains are those that an organisation has
// shown to own; nil: none has.
func (a *App) federateOptions(domains func(ctx context.Context, organization string) ([]string, error)) federate.Options {
	return federate.Options{
		Instance: a.facts.ID, Now: a.c.Now, Log: a.c.Log, Read: a.store,
		InTx: func(ctx context.Context, fn func(federate.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Protocol: a.protocol(), Keys: a.keys, Rates: a.rates, Confirmer: federateConfirmer{confirmer{a.SignIn}}, Mailer: a.outbox,
		Link: a.link, SignUp: !a.c.NoSignUp, Ready: a.ready, Observe: a.c.Observers.Federation,
		Domains: domains,
	}
}

// protocol speaks with services of every kind. It fetches nothing before it is used.
func (a *App) protocol() federation.Protocol {
	if a.c.Protocol != nil {
		return a.c.Protocol
	}
	var out oauth2.HTTP = a.egress
	if a.c.Outbound != nil {
		out = a.c.Outbound(out)
	}
	o := oauth2.Options{HTTP: out, Keyring: a.keys, Now: a.c.Now}
	open, plain := oidc.New(o), oauth2.New(o)
	all := make(federation.Protocols)
	for _, kind := range federation.Kinds() {
		if kind.Discovers() {
			all[kind] = open
		} else {
			all[kind] = plain
		}
	}
	return all
}

func (a *App) federationSurface(desk *people.Pages) web.Surface {
	return webfederation.Surface(webfederation.Options{BasePath: strings.TrimRight(a.c.url.Path, "/"), Frame: a.Frame, Desk: desk, Flow: a.Federate})
}

// federateConfirmer lets the flow of federation ask for a proof.
type federateConfirmer struct{ confirmer }

func (c federateConfirmer) ConfirmFully(ctx context.Context, by user.Caller, p federate.Proof) (int64, error) {
	return c.confirmer.ConfirmFully(ctx, by, account.Proof(p))
}
