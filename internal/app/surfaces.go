package app

import (
	"context"
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/api"
	webauthorize "github.com/mortise-auth/mortise/internal/web/authorize"
	"github.com/mortise-auth/mortise/internal/web/dev"
	"github.com/mortise-auth/mortise/internal/web/page"
	"github.com/mortise-auth/mortise/internal/web/people"
)

// surfaces lists what answers requests, the one for unknown addresses first.
func (a *App) surfaces() ([]web.Surface, error) {
	base := strings.TrimRight(a.c.url.Path, "/")
	render, err := page.New(page.Options{Brand: a.c.Brand, BasePath: base, Dev: a.c.Dev})
	if err != nil {
		return nil, err
	}
	var pages *people.Pages
	door := webauthorize.New(webauthorize.Options{
		URL: a.c.url, Dev: a.c.Dev, Frame: a.Frame, Flow: a.Authorize, Desk: func() webauthorize.Desk { return pages }, Others: a.others,
	})
	o := people.Options{
		Federation: a.Federate,
		Frame:      a.Frame, Render: render, BasePath: base, SignIn: a.SignIn, Account: a.Account, Factors: a.Factors, Rescue: a.Rescue, Setup: a.Setup, Passkeys: a.Passkeys, Authorize: a.Authorize, Desk: door, Devices: a.OAuth, Link: a.link, Picture: a.logos.URL,
		Keys: a.keys, Now: a.c.Now, SignUp: !a.c.NoSignUp, Ready: a.ready, MinLength: a.policy.MinLength(password.Context{}),
	}
	if a.c.Dev {
		o.Map, o.DevEntry = devMap(), func(r *http.Request) *page.DevEntry { return a.devGate().Entry(r) }
	}
	pages = people.New(o)
	all := []web.Surface{pages.Surface(), api.Surface(api.Options{
		URL: a.c.url, Version: a.c.Version, Dev: a.c.Dev, Now: a.c.Now, Log: a.c.Log,
		SignIn: a.SignIn, Tokens: a.OAuth, Account: a.Account, Factors: a.Factors, Rescue: a.Rescue, Federation: a.Federate, Passkeys: a.Passkeys, Directory: a.Directory, Setup: a.Setup, Cookies: a.Frame, Pages: render,
		Keys: a.keys, Rates: a.rates, Idempotency: a.store.Idempotency(), Rotate: a.SignIn.Rotate, Why: a.Decisions.Find, Status: a.status, Inspect: a.Inspector().Inspect, Doctor: a.Doctor,
	}), a.gatewaySurface(pages.Fail), a.endSessionSurface(pages)}
	all = append(all, a.tokenSurfaces()...)
	all = append(all, a.registrationSurfaces()...)
	all = append(all, door.Surface(), a.federationSurface(pages))
	if a.mailbox != nil {
		all = append(all, dev.Surface(dev.Options{Desk: pages, Gate: a.devGate, Mailbox: a.mailbox, SignIn: a.Enter}))
	}
	return all, nil
}

// devGate is made anew for each request, because people are seeded after the
// surfaces are wired; it is small.
func (a *App) devGate() *dev.Gate {
	known := make([]dev.Person, 0, len(a.people))
	for _, p := range a.people {
		first, _, _ := strings.Cut(p.Name, " ")
		known = append(known, dev.Person{DevPerson: page.DevPerson{Key: p.Email, Name: first, Note: p.Note}, Email: p.Email})
	}
	return dev.NewGate(a.Frame, a.keys, secret.NewText(a.entry), known)
}

// devMap is what the first page of a development server points to.
func devMap() []page.MapLine {
	return []page.MapLine{
		{Label: "Sign in", Path: "/login", Note: "enter as one of the demo people"},
		{Label: "Account", Path: "/account", Note: "what people see of themselves"},
		{Label: "Mailbox", Path: "/dev/mail", Note: "every mail lands here"},
		{Label: "API", Path: "/docs/api", Note: "the same as JSON"},
	}
}

func (a *App) status(ctx context.Context) (api.Status, error) {
	out := api.Status{Version: a.c.Version, Engine: a.store.Engine(), StartedAt: a.start, MasterKey: a.c.masters.Current.ID()}
	out.Revocations, out.LiveRevocations = a.feed.Counts().Head, a.LiveRevocations()
	for _, k := range a.Signing.Known() {
		if k.State != signing.Gone {
			out.SigningKeys++
		}
	}
	schema, _, err := a.store.Schema(ctx)
	if err != nil {
		return out, err
	}
	out.Schema = schema
	depth, err := a.store.Mail().Depth(ctx, a.now())
	if err != nil {
		return out, err
	}
	out.Outbox = int64(depth.Waiting)
	told, err := a.store.Logouts().Depth(ctx)
	if err != nil {
		return out, err
	}
	out.Logouts = int64(told.Waiting)
	if out.Users, err = a.store.Users().Count(ctx, user.Query{}); err != nil {
		return out, err
	}
	if out.SetupDone, err = a.ready(ctx); err != nil {
		return out, err
	}
	for _, k := range a.keys.Keys() {
		out.Keys = append(out.Keys, k.ID)
	}
	if err := a.Ready(ctx); err != nil {
		out.Reason = reasonOf(err)
		return out, nil
	}
	out.Ready = true
	return out, nil
}
