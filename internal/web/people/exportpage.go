package people

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// exportWords are the headings of the readable copy.
type exportWords struct {
	account, addresses, organizations, sessions, apps, allowed, events string
	accountColumns, addressColumns, organizationColumns                []string
	sessionColumns, appColumns, allowedColumns, eventColumns           []string
	id, name, language, zone, state, roles, since, pass                string
	primary, confirmed, open, live                                     string
}

var exportLanguages = map[string]exportWords{
	"en": {
		account: "Account", addresses: "E-mail addresses", organizations: "Organisations", sessions: "Sessions", apps: "Connected apps", allowed: "What apps are allowed", events: "Security log",
		accountColumns: []string{"What", "Value"}, addressColumns: []string{"Address", "State", "Since"},
		organizationColumns: []string{"Name", "Roles", "Since"},
		sessionColumns:      []string{"Device", "Place", "IP address", "Signed in", "Last seen"},
		appColumns:          []string{"App", "May", "For", "Since", "Last used"},
		allowedColumns:      []string{"App", "May", "For", "Since", "Changed"},
		eventColumns:        []string{"Time", "Event", "Outcome", "Device", "Place", "IP address"},
		id:                  "Id", name: "Name", language: "Language", zone: "Time zone", state: "State", roles: "Roles", since: "Created", pass: "Password set",
		primary: "primary", confirmed: "confirmed", open: "not confirmed", live: "Live when this document was made.",
	},
	"de": {
		account: "Konto", addresses: "E-Mail-Adressen", organizations: "Organisationen", sessions: "Sitzungen", apps: "Verbundene Apps", allowed: "Was Apps erlaubt ist", events: "Sicherheitsprotokoll",
		accountColumns: []string{"Was", "Wert"}, addressColumns: []string{"Adresse", "Zustand", "Seit"},
		organizationColumns: []string{"Name", "Rollen", "Seit"},
		sessionColumns:      []string{"Gerät", "Ort", "IP-Adresse", "Angemeldet", "Zuletzt gesehen"},
		appColumns:          []string{"App", "Darf", "Für", "Seit", "Zuletzt genutzt"},
		allowedColumns:      []string{"App", "Darf", "Für", "Seit", "Geändert"},
		eventColumns:        []string{"Zeit", "Ereignis", "Ausgang", "Gerät", "Ort", "IP-Adresse"},
		id:                  "Kennung", name: "Name", language: "Sprache", zone: "Zeitzone", state: "Zustand", roles: "Rollen", since: "Angelegt", pass: "Passwort gesetzt",
		primary: "primär", confirmed: "bestätigt", open: "nicht bestätigt", live: "Aktiv, als dieses Dokument entstand.",
	},
}

// exportPage is the readable copy: the same facts as exportDocument.
func (p *Pages) exportPage(lang string, all account.Export) page.Export {
	w, ok := exportLanguages[lang]
	if !ok {
		w = exportLanguages["en"]
	}
	out := page.Export{Name: all.User.Name, Made: all.At, Sections: []page.ExportSection{
		{Title: w.account, Columns: w.accountColumns, Rows: accountRows(w, all)},
		{Title: w.addresses, Columns: w.addressColumns, Rows: mapped(all.Emails, w.address)},
	}}
	for _, e := range all.Emails {
		if e.Primary {
			out.Email = e.Address
		}
	}
	orgs := page.ExportSection{Title: w.organizations, Columns: w.organizationColumns}
	for _, m := range all.Organizations {
		orgs.Rows = append(orgs.Rows, []string{m.Name, list(m.Roles), moment(m.JoinedAt)})
	}
	sessions := page.ExportSection{Title: w.sessions, Note: w.live, Columns: w.sessionColumns}
	for _, s := range all.Sessions {
		sessions.Rows = append(sessions.Rows, []string{useragent.Describe(s.UserAgent), s.Place, s.IP, moment(s.CreatedAt), moment(s.LastSeenAt)})
	}
	apps := page.ExportSection{Title: w.apps, Note: w.live, Columns: w.appColumns}
	for _, a := range all.Apps {
		apps.Rows = append(apps.Rows, []string{a.Name, list(strings.Fields(a.Scope)), list(a.Audiences), moment(a.CreatedAt), moment(a.LastUsed())})
	}
	allowed := page.ExportSection{Title: w.allowed, Columns: w.allowedColumns}
	for _, a := range all.Consents {
		allowed.Rows = append(allowed.Rows, []string{a.Name, list(a.Consent.Scopes), list(a.Audiences), moment(a.CreatedAt), moment(a.UpdatedAt)})
	}
	events := page.ExportSection{Title: w.events, Columns: w.eventColumns, Rows: mapped(all.Events, func(e audit.Event) []string {
		return []string{moment(e.Time), p.o.Render.Event(lang, e.Name), string(e.Outcome), useragent.Describe(e.Source.UserAgent), e.Source.Place, e.Source.IP}
	})}
	out.Sections = append(out.Sections, orgs, sessions, apps, allowed, events)
	return out
}

func accountRows(w exportWords, all account.Export) [][]string {
	u := all.User
	return [][]string{
		{w.id, u.ID.String()},
		{w.name, u.Name},
		{w.language, u.Locale},
		{w.zone, u.TimeZone},
		{w.state, string(u.State)},
		{w.roles, list(u.Roles)},
		{w.since, moment(u.CreatedAt)},
		{w.pass, moment(all.PasswordSince)},
	}
}

func (w exportWords) address(e user.Email) []string {
	state := w.open
	if e.Verified() {
		state = w.confirmed
	}
	if e.Primary {
		state = w.primary + ", " + state
	}
	return []string{e.Address, state, moment(e.CreatedAt)}
}

// moment is a time to read, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
