package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// confirming are the refusals of acts that need a proof given for them (TH-36).
var confirming = []*problem.Error{signin.ErrUnconfirmed, signin.ErrConfirmation, signin.ErrSecondNeeded}

func (s *surface) meTable() []endpoint {
	const tag = "My account"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me", Tag: tag, Name: "me.get", Summary: "Read my account", Text: "The ETag is for If-Match of a later PATCH."}, s.me),
		route(s, endpoint{
			Method: "PATCH", Path: "/me", Tag: tag, Name: "me.update", Summary: "Change name, language or time zone", Text: "What is left out stays.",
			Example: `{"name": "Ada King", "locale": "en", "time_zone": "Europe/London"}`, Errors: []*problem.Error{user.ErrStale, account.ErrInput},
		}, s.updateMe),
		route(s, endpoint{
			Method: "PUT", Path: "/me/password", Tag: tag, Name: "me.password", Summary: "Change my password",
			Text:    "An account that has none gets its first by a passkey. Other sessions end unless keep_others says otherwise. This session gets a new cookie; when that fails, the password is changed and this session ends.",
			Example: `{"current_password": "correct horse battery staple", "new_password": "nine purple umbrellas sing"}`,
			Errors:  append([]*problem.Error{password.ErrTooShort, password.ErrCommon, password.ErrBreached}, confirming...),
		}, s.setPassword),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/password", Tag: tag, Name: "me.password.remove", Summary: "Remove my password",
			Text:    "Passkeys alone open the account from then on. Other sessions end, and this one gets a new cookie.",
			Example: `{"current_password": "correct horse battery staple"}`,
			Errors:  append([]*problem.Error{account.ErrLastPassword, password.ErrNone, signin.ErrSecond}, confirming...),
		}, s.removePassword),
		route(s, endpoint{
			Method: "POST", Path: "/me/export", Tag: tag, Name: "me.export", Once: true, Summary: "Copy all data about me",
			Example: `{"current_password": "correct horse battery staple"}`, Errors: confirming,
		}, s.exportMe),
		route(s, endpoint{
			Method: "POST", Path: "/me/deletion", Tag: tag, Name: "me.deletion", Summary: "Ask to delete my account",
			Text:    "Every session ends now. Until delete_at a mailed link brings the account back.",
			Example: `{"current_password": "correct horse battery staple"}`, Errors: append([]*problem.Error{rbac.ErrLastAdmin}, confirming...),
		}, s.deleteMe),
	}
}

func (s *surface) self(ctx context.Context, c *Call) (User, error) {
	u, err := s.Account.Get(ctx, c.Caller)
	if err != nil {
		return User{}, err
	}
	c.tag(u.Revision)
	return s.withEmail(ctx, c.Caller, u)
}

// withEmail shows the caller's own account.
func (s *surface) withEmail(ctx context.Context, by user.Caller, u user.User) (User, error) {
	emails, _, err := s.Account.Emails(ctx, by)
	if err != nil || len(emails) == 0 {
		return showUser(u, "", false), err
	}
	return showUser(u, emails[0].Address, emails[0].Verified()), nil
}

// tag is the entity tag of a revision.
func (c *Call) tag(revision int64) {
	c.head.Set("ETag", fmt.Sprintf("%q", strconv.FormatInt(revision, 10)))
}

// revision reads If-Match; 0 when any will do.
func revision(tag string) (int64, error) {
	if tag == "" || tag == "*" {
		return 0, nil
	}
	inner, ok := strings.CutPrefix(tag, `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	n, err := strconv.ParseInt(inner, 10, 64)
	if !ok || !closed || err != nil || n < 1 {
		return 0, errTag
	}
	return n, nil
}

func (s *surface) me(ctx context.Context, c *Call, _ struct{}) (User, error) { return s.self(ctx, c) }

// ProfileRequest changes what is said about a person.
type ProfileRequest struct {
	Match    string  `header:"If-Match" doc:"ETag of the version that was read."`
	Name     *string `json:"name,omitempty"`
	Locale   *string `json:"locale,omitempty" doc:"BCP 47 tag; empty: as the browser asks."`
	TimeZone *string `json:"time_zone,omitempty" doc:"IANA name; empty: UTC."`
}

// over returns u's profile with the changes, and the revision to change.
func (in ProfileRequest) over(u user.User) (user.Profile, int64, error) {
	p := user.Profile{Name: replaced(u.Name, in.Name), Locale: replaced(u.Locale, in.Locale), TimeZone: replaced(u.TimeZone, in.TimeZone)}
	at, err := revision(in.Match)
	if at == 0 {
		at = u.Revision // what is left out is from this one
	}
	return p, at, err
}

func replaced(old string, by *string) string {
	if by == nil {
		return old
	}
	return *by
}

func (s *surface) updateMe(ctx context.Context, c *Call, in ProfileRequest) (User, error) {
	u, err := s.Account.Get(ctx, c.Caller)
	if err != nil {
		return User{}, err
	}
	p, at, err := in.over(u)
	if err != nil {
		return User{}, err
	}
	if u, err = s.Account.SetProfile(ctx, c.Caller, p, at); err != nil {
		return User{}, err
	}
	c.tag(u.Revision)
	return s.withEmail(ctx, c.Caller, u)
}

// PasswordRequest replaces a known password.
type PasswordRequest struct {
	StepUp
	New        secret.Text `json:"new_password"`
	KeepOthers bool        `json:"keep_others,omitempty" doc:"Leave my other sessions alone."`
}

func (s *surface) setPassword(ctx context.Context, c *Call, in PasswordRequest) (none, error) {
	err := s.Account.ChangePassword(ctx, account.PasswordChange{
		By: c.Caller, Current: account.Proof(in.proof()), New: in.New, KeepOthers: in.KeepOthers, Lang: s.lang(c),
	})
	if err != nil {
		return none{}, err
	}
	s.rotate(ctx, c)
	return none{}, nil
}

func (s *surface) removePassword(ctx context.Context, c *Call, in StepUp) (none, error) {
	if err := s.Account.RemovePassword(ctx, c.Caller, account.Proof(in.proof()), s.lang(c)); err != nil {
		return none{}, err
	}
	s.rotate(ctx, c)
	return none{}, nil
}

// rotate gives the caller's session a new secret after an act that is done. A
// session that cannot have one does not go on under the old one (SE-3); that is
// no reason to call the act failed.
func (s *surface) rotate(ctx context.Context, c *Call) {
	if c.Token {
		return // no cookie brought the caller here, and none was ever handed out for its session
	}
	name := s.Cookies.Names().Session
	fresh, err := s.Rotate(ctx, c.Caller, c.Secret)
	if err == nil {
		s.Cookies.SetCookie(c.w, name, fresh.Reveal(), c.Identity.ExpiresAt.Sub(s.Now()))
		return
	}
	s.Cookies.ClearCookie(c.w, name)
	if errors.Is(err, session.ErrEnded) {
		return
	}
	s.Log.Warn("a session got no new secret and ends", "session", c.Caller.Session, "error", err)
	if err := s.SignIn.SignOut(context.WithoutCancel(ctx), c.Caller); err != nil {
		s.Log.Error("a session that got no new secret was not ended", "session", c.Caller.Session, "error", err)
	}
}

// Confirmed is an act that needs nothing but a proof given for it.
type Confirmed struct{ StepUp }

// Export is everything kept about one account.
type Export struct {
	At            time.Time     `json:"at"`
	User          User          `json:"user"`
	Emails        []Email       `json:"emails"`
	Organizations []Membership  `json:"organizations"`
	PasswordSince *time.Time    `json:"password_since,omitempty" doc:"When the password was set. It is kept as a hash, which is no data about anybody."`
	Sessions      []Session     `json:"sessions"`
	Grants        []Grant       `json:"grants" doc:"What apps may do in the name of the account."`
	Consents      []Consent     `json:"consents" doc:"What apps were allowed."`
	Events        []ExportEvent `json:"events" doc:"Newest first."`
}

// ExportEvent is an event with all that is kept of it.
type ExportEvent struct {
	LogEvent
	UserAgent string `json:"user_agent,omitempty"`
}

// Membership is a place in an organisation.
type Membership struct {
	Slug     string    `json:"slug"`
	Name     string    `json:"name"`
	Roles    []string  `json:"roles"`
	JoinedAt time.Time `json:"joined_at"`
}

func showExport(x account.Export, current string) Export {
	out := Export{At: x.At, Emails: []Email{}, Organizations: []Membership{}, Sessions: []Session{}, Grants: []Grant{}, Consents: []Consent{}, Events: []ExportEvent{}, PasswordSince: moment(x.PasswordSince)}
	out.User = showUser(x.User, "", false)
	for _, e := range x.Emails {
		out.Emails = append(out.Emails, showEmail(e))
		if e.Primary {
			out.User.Email, out.User.EmailVerified = e.Address, e.Verified()
		}
	}
	for _, m := range x.Organizations {
		out.Organizations = append(out.Organizations, Membership{m.Slug, m.Name, listed(m.Roles), m.JoinedAt.UTC()})
	}
	for _, one := range x.Sessions {
		out.Sessions = append(out.Sessions, showSession(current, x.Apps)(one))
	}
	for _, a := range x.Apps {
		out.Grants = append(out.Grants, showGrant(a))
	}
	for _, a := range x.Consents {
		out.Consents = append(out.Consents, showConsent(a))
	}
	for _, e := range x.Events {
		out.Events = append(out.Events, ExportEvent{showLogEvent(e), e.Source.UserAgent})
	}
	return out
}

func (s *surface) exportMe(ctx context.Context, c *Call, in Confirmed) (Export, error) {
	x, err := s.Account.Export(ctx, c.Caller, account.Proof(in.proof()))
	if err != nil {
		return Export{}, err
	}
	return showExport(x, c.Caller.Session), nil
}

// Leaving says when an account will be gone.
type Leaving struct {
	DeleteAt time.Time `json:"delete_at"`
}

func (s *surface) deleteMe(ctx context.Context, c *Call, in Confirmed) (Leaving, error) {
	at, err := s.Account.RequestDeletion(ctx, c.Caller, account.Proof(in.proof()), s.lang(c))
	if err != nil {
		return Leaving{}, err
	}
	s.Cookies.ClearCookie(c.w, s.Cookies.Names().Session)
	return Leaving{DeleteAt: at.UTC()}, nil
}
