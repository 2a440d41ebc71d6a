package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) userSessionTable() []endpoint {
	const tag = "Users"
	who := []*problem.Error{user.ErrUnknown}
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/users/{user}/sessions", Access: web.Admin, Tag: tag, Name: "users.sessions.list", Summary: "List a user's sessions", Errors: who}, s.userSessions),
		route(s, endpoint{
			Method: "DELETE", Path: "/users/{user}/sessions/{session}", Access: web.Admin, Tag: tag, Name: "users.sessions.end", Summary: "End one session of a user",
			Errors: append([]*problem.Error{session.ErrUnknown}, who...),
		}, s.endUserSession),
		route(s, endpoint{Method: "POST", Path: "/users/{user}/end-sessions", Access: web.Admin, Tag: tag, Name: "users.end-sessions", Summary: "End every session of a user", Errors: who}, s.endUserSessions),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/export", Access: web.Admin, Recent: true, Tag: tag, Name: "users.export", Summary: "Copy all data about a user", Errors: who}, s.exportUser),
		route(s, endpoint{Method: "GET", Path: "/users/{user}/events", Access: web.Admin, Tag: tag, Name: "users.events", Summary: "Read what happened to an account", Text: "Newest first.", Errors: who}, s.userEvents),
	}
}

// UserPage selects a page of what belongs to a user.
type UserPage struct {
	User  string `path:"user" doc:"usr_… or an e-mail address."`
	Limit int    `query:"limit" doc:"Rows at most, up to 100; 50 unless said otherwise."`
	After string `query:"after" doc:"next of the page before."`
}

func (s *surface) userSessions(ctx context.Context, c *Call, in UserPage) (List[Session], error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return List[Session]{}, err
	}
	all, err := s.Directory.Sessions(ctx, c.Caller, u.ID)
	if err != nil {
		return List[Session]{}, err
	}
	apps, err := s.Account.AppsOf(ctx, u.ID)
	if err != nil {
		return List[Session]{}, err
	}
	return paged(s, c, rest(all, in.After, sessionCursor), size(in.Limit), sessionCursor, showSession(c.Caller.Session, apps)), nil
}

// UserSession names a session of a user.
type UserSession struct {
	User    string `path:"user" doc:"usr_… or an e-mail address."`
	Session string `path:"session" doc:"ses_…"`
}

func (s *surface) endUserSession(ctx context.Context, c *Call, in UserSession) (none, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return none{}, err
	}
	id, err := session.ParseID(in.Session)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Directory.EndSession(ctx, c.Caller, u.ID, id)
}

func (s *surface) endUserSessions(ctx context.Context, c *Call, in UserRef) (Ended, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return Ended{}, err
	}
	n, err := s.Directory.EndSessions(ctx, c.Caller, u.ID)
	return Ended{n}, err
}

// exportUser asks the directory who may, before the account is collected.
func (s *surface) exportUser(ctx context.Context, c *Call, in UserRef) (Export, error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return Export{}, err
	}
	x, err := s.Account.Collect(ctx, c.Caller, u.ID)
	if err != nil {
		return Export{}, err
	}
	return showExport(x, c.Caller.Session), nil
}

func (s *surface) userEvents(ctx context.Context, c *Call, in UserPage) (List[LogEvent], error) {
	u, err := s.Directory.Resolve(ctx, c.Caller, in.User)
	if err != nil {
		return List[LogEvent]{}, err
	}
	return s.search(ctx, c, audit.Query{Subject: u.ID.String()}, in.Limit, in.After)
}

// search returns a page of the log.
func (s *surface) search(ctx context.Context, c *Call, q audit.Query, limit int, after string) (List[LogEvent], error) {
	var err error
	if q.Before, err = eventID(after); err != nil {
		return List[LogEvent]{}, err
	}
	q.Limit = size(limit) + 1
	events, err := s.Directory.Events(ctx, c.Caller, q)
	if err != nil {
		return List[LogEvent]{}, err
	}
	return paged(s, c, events, size(limit), eventCursor, showLogEvent), nil
}
