package people

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// exported is the JSON copy of one account. Members are only ever added; a change
// of meaning raises Version. Times are RFC 3339 in UTC; an absent time means that
// it never happened. Secrets, hashes among them, are no part of it.
type exported struct {
	Version       int                    `json:"version"` // 1
	ExportedAt    time.Time              `json:"exported_at"`
	User          exportedUser           `json:"user"`
	Emails        []exportedEmail        `json:"emails"`
	Organizations []exportedOrganization `json:"organizations"`
	Sessions      []exportedSession      `json:"sessions"` // live ones
	Apps          []exportedApp          `json:"apps"`     // what apps may do, by living sign-ins
	Consents      []exportedConsent      `json:"consents"` // what apps were allowed
	Events        []exportedEvent        `json:"events"`   // the security log, newest first, at most account.MaxEvents
}

type exportedUser struct {
	ID              string     `json:"id"` // usr_…
	Name            string     `json:"name"`
	Locale          string     `json:"locale"`    // BCP 47; empty: as the browser asks
	TimeZone        string     `json:"time_zone"` // IANA; empty: UTC
	State           string     `json:"state"`
	Roles           []string   `json:"roles"`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	PasswordSetAt   *time.Time `json:"password_set_at,omitempty"`
	DeletionPlanned *time.Time `json:"deletion_planned_at,omitempty"`
}

type exportedConsent struct {
	ClientID  string    `json:"client_id"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	Audiences []string  `json:"audiences"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

type exportedEmail struct {
	Address    string     `json:"address"`
	Primary    bool       `json:"primary"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
}

type exportedOrganization struct {
	ID       string    `json:"id"` // org_…
	Slug     string    `json:"slug"`
	Name     string    `json:"name"`
	Roles    []string  `json:"roles"`
	JoinedAt time.Time `json:"joined_at"`
}

type exportedSession struct {
	ID              string    `json:"id"`      // ses_…
	Methods         []string  `json:"methods"` // RFC 8176
	AuthenticatedAt time.Time `json:"authenticated_at"`
	CreatedAt       time.Time `json:"created_at"`
	LastSeenAt      time.Time `json:"last_seen_at"`
	ExpiresAt       time.Time `json:"expires_at"`
	IP              string    `json:"ip"`
	UserAgent       string    `json:"user_agent"`
	Place           string    `json:"place"`
}

type exportedApp struct {
	ID         string    `json:"id"` // grt_…
	ClientID   string    `json:"client_id"`
	Name       string    `json:"name"`
	Scopes     []string  `json:"scopes"`
	Audiences  []string  `json:"audiences"`         // the APIs its tokens are for
	Session    string    `json:"session,omitempty"` // ses_…; absent: it outlives sessions
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	ExpiresAt  time.Time `json:"expires_at"`
}

type exportedEvent struct {
	ID        string            `json:"id"` // evt_…
	Time      time.Time         `json:"time"`
	Name      string            `json:"name"`
	Outcome   string            `json:"outcome"`
	Actor     string            `json:"actor"` // kind of who acted
	Session   string            `json:"session"`
	IP        string            `json:"ip"`
	UserAgent string            `json:"user_agent"`
	Place     string            `json:"place"`
	Details   map[string]string `json:"details"`
}

func exportDocument(all account.Export) exported {
	u := all.User
	out := exported{
		Version: 1, ExportedAt: all.At,
		User: exportedUser{
			ID: u.ID.String(), Name: u.Name, Locale: u.Locale, TimeZone: u.TimeZone, State: string(u.State), Roles: some(u.Roles),
			CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, PasswordSetAt: once(all.PasswordSince), DeletionPlanned: once(u.DeleteAt),
		},
		Emails:   mapped(all.Emails, exportEmail),
		Sessions: mapped(all.Sessions, exportSession),
		Apps:     mapped(all.Apps, exportApp),
		Consents: mapped(all.Consents, exportConsent),
		Events:   mapped(all.Events, exportEvent),
	}
	out.Organizations = make([]exportedOrganization, 0, len(all.Organizations))
	for _, m := range all.Organizations {
		out.Organizations = append(out.Organizations, exportedOrganization{
			ID: m.Organization.String(), Slug: m.Slug, Name: m.Name, Roles: some(m.Roles), JoinedAt: m.JoinedAt,
		})
	}
	return out
}

func exportEmail(e user.Email) exportedEmail {
	return exportedEmail{Address: e.Address, Primary: e.Primary, VerifiedAt: once(e.VerifiedAt), CreatedAt: e.CreatedAt}
}

func exportSession(s session.Session) exportedSession {
	return exportedSession{
		ID: s.ID.String(), Methods: some(s.Methods), AuthenticatedAt: s.AuthenticatedAt, CreatedAt: s.CreatedAt,
		LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt, IP: s.IP, UserAgent: s.UserAgent, Place: s.Place,
	}
}

func exportApp(a account.App) exportedApp {
	out := exportedApp{
		ID: a.ID.String(), ClientID: a.Client, Name: a.Name, Scopes: some(strings.Fields(a.Scope)), Audiences: some(a.Audiences),
		CreatedAt: a.CreatedAt, LastUsedAt: a.LastUsed(), ExpiresAt: a.ExpiresAt,
	}
	if !a.Session.IsZero() {
		out.Session = a.Session.String()
	}
	return out
}

func exportConsent(a account.Allowed) exportedConsent {
	return exportedConsent{
		ClientID: a.Client, Name: a.Name, Scopes: some(a.Consent.Scopes), Audiences: some(a.Audiences), CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func exportEvent(e audit.Event) exportedEvent {
	details := e.Details
	if details == nil {
		details = map[string]string{}
	}
	return exportedEvent{
		ID: e.ID.String(), Time: e.Time, Name: e.Name, Outcome: string(e.Outcome), Actor: string(e.Actor.Type),
		Session: e.Session, IP: e.Source.IP, UserAgent: e.Source.UserAgent, Place: e.Source.Place, Details: details,
	}
}

func mapped[A, B any](all []A, f func(A) B) []B {
	out := make([]B, 0, len(all))
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}

// once is nil for a time that never came.
func once(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// some is never nil, so that JSON has an empty list.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func list(words []string) string { return strings.Join(words, ", ") }
