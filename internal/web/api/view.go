package api

import (
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/useragent"
)

// User is an account.
type User struct {
	ID            user.ID    `json:"id"`
	Email         string     `json:"email" doc:"The primary address."`
	EmailVerified bool       `json:"email_verified"`
	Name          string     `json:"name" doc:"What to call them; may be empty."`
	Locale        string     `json:"locale" doc:"BCP 47 tag; empty: as the browser asks."`
	TimeZone      string     `json:"time_zone" doc:"IANA name; empty: UTC."`
	State         user.State `json:"state" enum:"active,suspended,deleting"`
	Roles         []string   `json:"roles"`
	ManagedBy     string     `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	DeleteAt      *time.Time `json:"delete_at,omitempty" doc:"When a leaving account is deleted."`
	CreatedAt     time.Time  `json:"created_at"`
	UpdatedAt     time.Time  `json:"updated_at"`
}

func showUser(u user.User, email string, verified bool) User {
	return User{
		ID: u.ID, Email: email, EmailVerified: verified, Name: u.Name, Locale: u.Locale, TimeZone: u.TimeZone,
		State: u.State, Roles: listed(u.Roles), ManagedBy: u.ManagedBy, DeleteAt: moment(u.DeleteAt),
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}

// listed is never null in JSON.
func listed(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// Session is one sign-in on one browser or program.
type Session struct {
	ID              session.ID `json:"id"`
	Current         bool       `json:"current" doc:"Whether this request came with it."`
	Device          string     `json:"device" doc:"Browser and system, as far as they say."`
	IP              string     `json:"ip,omitempty"`
	Place           string     `json:"place,omitempty" doc:"Approximate, from local data."`
	Methods         []string   `json:"methods" doc:"How it was proven (RFC 8176), in order."`
	Assurance       int        `json:"assurance" doc:"1: one factor, 2: two, 3: hardware-bound."`
	AuthenticatedAt time.Time  `json:"authenticated_at"`
	CreatedAt       time.Time  `json:"created_at"`
	LastSeenAt      time.Time  `json:"last_seen_at" doc:"To about a minute."`
	ExpiresAt       time.Time  `json:"expires_at" doc:"At the latest; unused ones end earlier."`
	Apps            []string   `json:"apps,omitempty" doc:"In lists: names of the apps that are signed in by it."`
}

func showSession(current string, apps []account.App) func(session.Session) Session {
	return func(s session.Session) Session {
		return Session{
			ID: s.ID, Current: s.ID.String() == current, Device: useragent.Describe(s.UserAgent), IP: s.IP, Place: s.Place,
			Methods: listed(s.Methods), Assurance: s.Assurance, AuthenticatedAt: s.AuthenticatedAt.UTC(),
			CreatedAt: s.CreatedAt.UTC(), LastSeenAt: s.LastSeenAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(), Apps: appsOf(s.ID, apps),
		}
	}
}

func sessionCursor(s session.Session) string { return s.ID.String() }

// Event is something that happened to the caller's account.
type Event struct {
	ID          audit.ID      `json:"id"`
	At          time.Time     `json:"at"`
	Name        string        `json:"name" doc:"Stable, such as login.succeeded."`
	Description string        `json:"description" doc:"What happened, in English."`
	Outcome     audit.Outcome `json:"outcome" enum:"success,failure,blocked"`
	IP          string        `json:"ip,omitempty"`
	Device      string        `json:"device,omitempty"`
	Place       string        `json:"place,omitempty"`
	Session     string        `json:"session,omitempty" doc:"The session it happened in."`
}

func showEvent(e audit.Event) Event {
	known, _ := audit.Lookup(e.Name)
	return Event{
		ID: e.ID, At: e.Time.UTC(), Name: e.Name, Description: known.Sentence, Outcome: e.Outcome,
		IP: e.Source.IP, Device: deviceOf(e), Place: e.Source.Place, Session: e.Session,
	}
}

func deviceOf(e audit.Event) string {
	if e.Source.UserAgent == "" {
		return ""
	}
	return useragent.Describe(e.Source.UserAgent)
}

// LogEvent is an event as administrators see it.
type LogEvent struct {
	Event
	Severity  audit.Severity    `json:"severity" enum:"info,notice,warning,critical"`
	Reason    string            `json:"reason,omitempty" doc:"The true reason of a failure."`
	ActorType audit.ActorType   `json:"actor_type" enum:"anonymous,user,host,system"`
	Actor     string            `json:"actor,omitempty" doc:"The account that acted."`
	Subject   string            `json:"subject,omitempty" doc:"What it happened to."`
	RequestID string            `json:"request_id,omitempty"`
	Details   map[string]string `json:"details,omitempty"`
}

func showLogEvent(e audit.Event) LogEvent {
	return LogEvent{
		Event: showEvent(e), Severity: e.Severity, Reason: e.Reason, ActorType: e.Actor.Type, Actor: e.Actor.ID,
		Subject: e.Subject, RequestID: e.Source.RequestID, Details: e.Details,
	}
}

func eventCursor(e audit.Event) string { return e.ID.String() }

// Role is a named set of permissions.
type Role struct {
	Name        string     `json:"name"`
	Permissions []string   `json:"permissions"`
	Assurance   int        `json:"assurance" doc:"What its holders have to sign in with; 0: it asks for nothing."`
	BuiltIn     bool       `json:"built_in" doc:"It can be given and taken; only its assurance can be changed."`
	ManagedBy   string     `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	CreatedAt   *time.Time `json:"created_at,omitempty" doc:"Absent: it is built in."`
	UpdatedAt   *time.Time `json:"updated_at,omitempty" doc:"Absent: a built-in one that was never changed."`
}

func showRole(r rbac.Role) Role {
	return Role{
		Name: r.Name, Permissions: listed(r.Permissions), Assurance: r.Assurance, BuiltIn: r.BuiltIn, ManagedBy: r.ManagedBy,
		CreatedAt: moment(r.CreatedAt), UpdatedAt: moment(r.UpdatedAt),
	}
}

// Organization is a named group of accounts.
type Organization struct {
	ID        organization.ID `json:"id"`
	Slug      string          `json:"slug" doc:"Unique and stable, for addresses and files."`
	Name      string          `json:"name"`
	Domains   []string        `json:"domains" doc:"Claimed e-mail domains; see /domains for which are verified."`
	ManagedBy string          `json:"managed_by,omitempty" doc:"file, when declared by apply."`
	CreatedAt time.Time       `json:"created_at"`
	UpdatedAt time.Time       `json:"updated_at"`
}

func showOrganization(o organization.Organization) Organization {
	return Organization{
		ID: o.ID, Slug: o.Slug, Name: o.Name, Domains: listed(o.Domains), ManagedBy: o.ManagedBy,
		CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(),
	}
}
