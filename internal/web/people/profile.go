package people

import (
	_ "embed" // the list of time zones
	"net/http"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// zones are the names of the IANA time zones that differ today (zone1970.tab).
//
//go:embed zones.txt
var zones string

// showProfile is GET /account/profile.
func (p *Pages) showProfile(w http.ResponseWriter, r *http.Request) error {
	u, err := p.o.Account.Get(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, p.profileView(r, page.Form{}, user.Profile{Name: u.Name, Locale: u.Locale, TimeZone: u.TimeZone}))
}

func (p *Pages) profileView(r *http.Request, again page.Form, of user.Profile) page.Profile {
	all := strings.Fields(zones)
	if of.TimeZone != "" && !slices.Contains(all, of.TimeZone) {
		all = append(all, of.TimeZone)
		slices.Sort(all)
	}
	owned, err := p.o.Account.Owned(r.Context(), web.Of(r).Caller)
	if err != nil {
		owned = nil // the flow refuses what may not be changed
	}
	return page.Profile{Form: again, Owned: owned, DisplayName: of.Name, Language: of.Locale, TimeZone: of.TimeZone, TimeZones: all}
}

var profileFields = map[string]string{"/name": "/display-name", "/locale": "/language", "/time_zone": "/time-zone"}

// setProfile is POST /account/profile.
func (p *Pages) setProfile(w http.ResponseWriter, r *http.Request, f form) error {
	wish := user.Profile{Name: f["display-name"], Locale: f["language"], TimeZone: f["time-zone"]}
	if _, err := p.o.Account.SetProfile(r.Context(), web.Of(r).Caller, wish, 0); err != nil {
		return p.again(w, r, renamed(err, profileFields), p.own, func(form page.Form) page.View { return p.profileView(r, form, wish) })
	}
	p.flash(w, page.NoticeProfileSaved, "")
	return p.to(w, "/account/profile")
}
