package people

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Federation is the flow of signing in with other services; see federate.Flow.
type Federation interface {
	Buttons(ctx context.Context) ([]federation.Connection, error)
	Home(ctx context.Context, identifier string) (federation.Connection, error)
	Homes(ctx context.Context) (bool, error)
	Links(ctx context.Context, by user.Caller) ([]federate.Linked, error)
	Start(ctx context.Context, w federate.Wish) (federate.Begun, error)
	Redeem(ctx context.Context, bound, text string) (*federation.Vouched, error)
	Waiting(ctx context.Context, by user.Caller, text string) (federate.Waiting, error)
	Link(ctx context.Context, by user.Caller, current federate.Proof, text, lang string) (federation.Link, error)
	Unlink(ctx context.Context, by user.Caller, current federate.Proof, id federation.LinkID, lang string) error
	Farewell(ctx context.Context, by user.Caller, onward string) (federate.Farewell, error)
	Onward(state string) string
}

const connectionsPath = "/account/connections"

func (p *Pages) connectionRoutes() []web.Route {
	if p.o.Federation == nil {
		return nil
	}
	get := func(path string, h web.Handler) web.Route { return web.Route{Pattern: "GET " + path, Handler: h} }
	post := func(path string, h action) web.Route { return web.Route{Pattern: "POST " + path, Handler: p.act(h)} }
	return []web.Route{
		get(connectionsPath, p.showConnections),
		get(connectionsPath+"/link", p.showLink),
		post(connectionsPath+"/link", p.beginLink),
		post(connectionsPath+"/remove", p.removeLink),
		post("/account/confirm/service", p.confirmByService),
		{Pattern: "GET /login/link", Access: web.Anyone, Handler: p.showExisting},
		{Pattern: "POST /login/again/service", Access: web.Anyone, Handler: p.act(p.againByService)},
	}
}

// showConnections is GET /account/connections.
func (p *Pages) showConnections(w http.ResponseWriter, r *http.Request) error {
	v, err := p.connectionsView(r, page.Form{})
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

func (p *Pages) connectionsView(r *http.Request, again page.Form) (page.Connections, error) {
	links, err := p.o.Federation.Links(r.Context(), web.Of(r).Caller)
	if err != nil {
		return page.Connections{}, err
	}
	offers, err := p.o.Federation.Buttons(r.Context())
	if err != nil {
		return page.Connections{}, err
	}
	v := page.Connections{Form: again}
	linked := map[federation.ID]bool{}
	for _, l := range links {
		linked[l.Connection.ID] = true
		v.List = append(v.List, page.Connection{
			ID: l.ID.String(), Label: l.Connection.Title(), Email: l.Email, Added: l.CreatedAt, Used: l.UsedAt, Off: !l.Connection.Enabled,
		})
	}
	for _, c := range offers {
		if !linked[c.ID] {
			v.Offers = append(v.Offers, page.Service{Name: c.Name, Label: c.Title()})
		}
	}
	return v, nil
}

// ConnectionsAgain shows the list with what was wrong.
func (p *Pages) ConnectionsAgain(w http.ResponseWriter, r *http.Request, err error) error {
	v, bad := p.connectionsView(r, page.Form{})
	if bad != nil {
		return errors.Join(bad, err)
	}
	return p.again(w, r, err, p.own, func(form page.Form) page.View { v.Form = form; return v })
}

// beginLink is POST /account/connections/link: the browser goes there first, and is
// asked here afterwards, when it can be said what is to be linked.
func (p *Pages) beginLink(w http.ResponseWriter, r *http.Request, f form) error {
	b, err := p.o.Federation.Start(r.Context(), federate.Wish{
		By: web.Of(r).Caller, Connection: f["connection"], Purpose: federate.Link, Locales: p.locales(r),
	})
	if err != nil {
		return p.startFailed(w, r, b.Connection, err, func(err error) error { return p.ConnectionsAgain(w, r, err) })
	}
	return p.Depart(w, r, b)
}

// showLink is GET /account/connections/link: what came of a sign-in, now that the
// account has been signed in to. It changes nothing.
func (p *Pages) showLink(w http.ResponseWriter, r *http.Request) error {
	text, err := web.Cookie(r, p.o.Frame.Names().Pending)
	if err != nil || text == "" {
		return p.to(w, connectionsPath)
	}
	return p.AskLink(w, r, text)
}

// AskLink asks whoever is signed in whether what waits is to be linked, by a form
// that names it and is theirs alone (TH-41).
func (p *Pages) AskLink(w http.ResponseWriter, r *http.Request, pending string) error {
	by := web.Of(r).Caller
	wait, err := p.o.Federation.Waiting(r.Context(), by, pending)
	if err != nil {
		return err
	}
	act := parked{Act: page.ActLink, Object: nameOf(wait), Format: pending, Proven: !wait.Proof}
	return p.park(w, r, act, connectionsPath)
}

// nameOf is what a person knows by which they signed in over there.
func nameOf(wait federate.Waiting) string {
	if who := cmp.Or(wait.Email, wait.Name); who != "" {
		return wait.Connection.Title() + " (" + clip(who) + ")"
	}
	return wait.Connection.Title()
}

func (p *Pages) doLink(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	by := web.Of(r).Caller
	wait, err := p.o.Federation.Waiting(r.Context(), by, act.Format)
	if err != nil {
		return err
	}
	_, err = p.o.Federation.Link(r.Context(), by, federate.Proof(proof), act.Format, p.lang(r))
	if errors.Is(err, federation.ErrLinkTaken) || errors.Is(err, federate.ErrNotMember) {
		return p.ConnectionsAgain(w, r, err)
	}
	if err != nil {
		return err
	}
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Pending)
	p.flash(w, page.NoticeLinked, act.Object)
	return p.onward(w, wait.ReturnTo, connectionsPath)
}

// removeLink is POST /account/connections/remove.
func (p *Pages) removeLink(w http.ResponseWriter, r *http.Request, f form) error {
	links, err := p.o.Federation.Links(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.ID.String() == f["id"] {
			return p.park(w, r, parked{Act: page.ActUnlink, Object: l.Connection.Title(), Format: f["id"]}, connectionsPath)
		}
	}
	return p.ConnectionsAgain(w, r, federation.ErrLinkUnknown)
}

func (p *Pages) doUnlink(w http.ResponseWriter, r *http.Request, act parked, proof account.Proof) error {
	id, err := federation.ParseLinkID(act.Format)
	if err != nil {
		return federation.ErrLinkUnknown.Because(err)
	}
	err = p.o.Federation.Unlink(r.Context(), web.Of(r).Caller, federate.Proof(proof), id, p.lang(r))
	if errors.Is(err, federation.ErrLastWay) || errors.Is(err, federation.ErrLinkUnknown) {
		return p.ConnectionsAgain(w, r, err)
	}
	if err != nil {
		return err
	}
	p.flash(w, page.NoticeUnlinked, act.Object)
	return p.to(w, connectionsPath)
}

// showExisting is GET /login/link: an account has the address that somebody came back
// with. It is told only to whom the service vouches for the address.
func (p *Pages) showExisting(w http.ResponseWriter, r *http.Request) error {
	text, err := web.Cookie(r, p.o.Frame.Names().Pending)
	if err != nil || text == "" {
		return p.to(w, "/login")
	}
	if web.Of(r).Identity != nil {
		return p.to(w, connectionsPath+"/link")
	}
	wait, err := p.o.Federation.Waiting(r.Context(), stranger(r), text)
	if err != nil {
		return p.to(w, "/login")
	}
	return p.Show(w, r, http.StatusOK, page.Existing{Label: wait.Connection.Title(), Email: wait.Email})
}
