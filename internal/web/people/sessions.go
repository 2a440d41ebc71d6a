package people

import (
	"net/http"
	"strings"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// showSessions is GET /account/sessions.
func (p *Pages) showSessions(w http.ResponseWriter, r *http.Request) error {
	by := web.Of(r).Caller
	live, err := p.o.Account.Sessions(r.Context(), by)
	if err != nil {
		return err
	}
	apps, err := p.o.Account.Apps(r.Context(), by)
	if err != nil {
		return err
	}
	list := make([]page.Session, 0, len(live))
	for _, s := range live {
		v := sessionView(s)
		v.Apps = appsOf(s.ID, apps)
		v.Current = v.ID == by.Session
		list = append(list, v)
	}
	return p.own(w, r, http.StatusOK, page.Sessions{List: list})
}

func sessionView(s session.Session) page.Session {
	v := page.Session{ID: s.ID.String(), Place: s.Place, IP: s.IP, First: s.CreatedAt, Last: s.LastSeenAt}
	words := useragent.Describe(s.UserAgent)
	browser, system, found := strings.Cut(words, " on ")
	v.Browser, v.System = browser, system
	switch {
	case words == "":
		v.Device = page.DeviceUnknown
	case useragent.Mobile(s.UserAgent):
		v.Device = page.DevicePhone
	case found:
		v.Device = page.DeviceDesktop
	default:
		v.Device = page.DeviceProgram
	}
	return v
}

// endSession is POST /account/sessions/end.
func (p *Pages) endSession(w http.ResponseWriter, r *http.Request, f form) error {
	id, err := session.ParseID(f["id"])
	if err != nil {
		return session.ErrUnknown.Because(err)
	}
	by := web.Of(r).Caller
	if err := p.o.Account.EndSession(r.Context(), by, id); err != nil {
		return err
	}
	if id.String() == by.Session {
		return p.signedOut(w, "", "/logout")
	}
	p.flash(w, page.NoticeSessionEnded, "")
	return p.to(w, "/account/sessions")
}

// endOthers is POST /account/sessions/others.
func (p *Pages) endOthers(w http.ResponseWriter, r *http.Request, _ form) error {
	if _, err := p.o.Account.EndOthers(r.Context(), web.Of(r).Caller); err != nil {
		return err
	}
	p.flash(w, page.NoticeOthersEnded, "")
	return p.to(w, "/account/sessions")
}

// endAll is POST /account/sessions/all.
func (p *Pages) endAll(w http.ResponseWriter, r *http.Request, _ form) error {
	return p.park(w, r, parked{Act: page.ActEndAll}, "/account/sessions")
}
