package people

import (
	"net/http"
	"slices"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showApps is GET /account/apps.
func (p *Pages) showApps(w http.ResponseWriter, r *http.Request) error {
	by := web.Of(r).Caller
	apps, err := p.o.Account.Apps(r.Context(), by)
	if err != nil {
		return err
	}
	live, err := p.o.Account.Sessions(r.Context(), by)
	if err != nil {
		return err
	}
	devices := map[token.SessionID]string{}
	for _, s := range live {
		devices[token.SessionID(s.ID)] = useragent.Describe(s.UserAgent)
	}
	allowed, err := p.o.Account.Consents(r.Context(), by)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, page.Apps{List: withConsents(byApp(apps, devices), allowed)})
}

// byApp groups grants by the app that has them, the newest first.
func byApp(grants []account.App, devices map[token.SessionID]string) []page.App {
	var list []page.App
	for _, g := range grants {
		i := slices.IndexFunc(list, func(a page.App) bool { return a.Client == g.Client })
		if i < 0 {
			i, list = len(list), append(list, page.App{Client: g.Client, Name: g.Name})
		}
		list[i].SignIns = append(list[i].SignIns, signInView(g, devices[g.Session]))
	}
	return list
}

// withConsents adds what was agreed to; an app that is not signed in now stands
// after those that are.
func withConsents(list []page.App, allowed []account.Allowed) []page.App {
	for _, c := range allowed {
		i := slices.IndexFunc(list, func(a page.App) bool { return a.Client == c.Client })
		if i < 0 {
			i, list = len(list), append(list, page.App{Client: c.Client, Name: c.Name})
		}
		list[i].Since = c.CreatedAt
		for _, s := range c.Scopes {
			list[i].Allowed = append(list[i].Allowed, page.Scope{Name: s.Name, Text: s.Description})
		}
	}
	return list
}

func signInView(g account.App, device string) page.AppSignIn {
	v := page.AppSignIn{
		ID: g.ID.String(), APIs: g.Audiences, Since: g.CreatedAt, Used: g.LastUsed(), Device: device, Stays: g.Session.IsZero(),
	}
	for _, s := range g.Scopes {
		v.Scopes = append(v.Scopes, page.Scope{Name: s.Name, Text: s.Description})
	}
	return v
}

// appsOf names the apps that are signed in by a session, each once.
func appsOf(id session.ID, apps []account.App) []string {
	var names []string
	for _, a := range apps {
		if a.Session == token.SessionID(id) && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// endGrant is POST /account/apps/end.
func (p *Pages) endGrant(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := token.ParseID(f["id"])
	if err != nil {
		return token.ErrUnknown.Because(err)
	}
	if err := p.o.Account.EndGrant(r.Context(), web.Of(r).Caller, id); err != nil {
		return err
	}
	return p.appEnded(w)
}

// endApp is POST /account/apps/end-all.
func (p *Pages) endApp(w http.ResponseWriter, r *http.Request, f form) error {
	if _, err := p.o.Account.EndApp(r.Context(), web.Of(r).Caller, f["client"]); err != nil {
		return err
	}
	return p.appEnded(w)
}

// withdraw is POST /account/apps/withdraw.
func (p *Pages) withdraw(w http.ResponseWriter, r *http.Request, f form) error {
	if _, err := p.o.Account.Withdraw(r.Context(), web.Of(r).Caller, f["client"]); err != nil {
		return err
	}
	p.flash(w, page.NoticeConsentWithdrawn, "")
	return p.to(w, "/account/apps")
}

func (p *Pages) appEnded(w http.ResponseWriter) error {
	p.flash(w, page.NoticeAppEnded, "")
	return p.to(w, "/account/apps")
}
