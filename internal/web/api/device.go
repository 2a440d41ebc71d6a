package api

import (
	"context"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
)

func (s *surface) deviceTable() []endpoint {
	const tag = "My account"
	return []endpoint{
		route(s, endpoint{Method: "GET", Path: "/me/sessions", Tag: tag, Name: "me.sessions.list", Summary: "List where I am signed in", Text: "Last seen first."}, s.mySessions),
		route(s, endpoint{
			Method: "DELETE", Path: "/me/sessions/{id}", Tag: tag, Name: "me.sessions.end", Summary: "End one of my sessions", Errors: []*problem.Error{session.ErrUnknown},
		}, s.endMySession),
		route(s, endpoint{Method: "POST", Path: "/me/sessions/end-others", Tag: tag, Name: "me.sessions.end_others", Summary: "End all my sessions but this one"}, s.endOthers),
		route(s, endpoint{Method: "GET", Path: "/me/events", Tag: tag, Name: "me.events.list", Summary: "Read my security log", Text: "Newest first."}, s.myEvents),
		route(s, endpoint{
			Method: "POST", Path: "/me/events/{id}/report", Tag: tag, Name: "me.events.report", Summary: "Report that this was not me",
			Text: "Every session ends, this one too, the password opens nothing any more, and the primary address gets a link for a new one.",
		}, s.report),
	}
}

// PageRequest selects a page of a list.
type PageRequest struct {
	Limit int    `query:"limit" doc:"Rows at most, up to 100; 50 unless said otherwise."`
	After string `query:"after" doc:"next of the page before."`
}

func (s *surface) mySessions(ctx context.Context, c *Call, in PageRequest) (List[Session], error) {
	all, err := s.Account.Sessions(ctx, c.Caller)
	if err != nil {
		return List[Session]{}, err
	}
	apps, err := s.Account.Apps(ctx, c.Caller)
	if err != nil {
		return List[Session]{}, err
	}
	return paged(s, c, rest(all, in.After, sessionCursor), size(in.Limit), sessionCursor, showSession(c.Caller.Session, apps)), nil
}

// OneSession names a session.
type OneSession struct {
	ID string `path:"id" doc:"ses_…"`
}

func (s *surface) endMySession(ctx context.Context, c *Call, in OneSession) (none, error) {
	id, err := session.ParseID(in.ID)
	if err != nil {
		return none{}, err
	}
	return none{}, s.Account.EndSession(ctx, c.Caller, id)
}

// Ended says how many sessions ended.
type Ended struct {
	Ended int `json:"ended"`
}

func (s *surface) endOthers(ctx context.Context, c *Call, _ struct{}) (Ended, error) {
	n, err := s.Account.EndOthers(ctx, c.Caller)
	return Ended{n}, err
}

// myEvents leaves out what is not for account owners; pages may be shorter for it.
func (s *surface) myEvents(ctx context.Context, c *Call, in PageRequest) (List[Event], error) {
	before, err := eventID(in.After)
	if err != nil {
		return List[Event]{}, err
	}
	limit := size(in.Limit)
	events, err := s.Account.Events(ctx, c.Caller, before, limit+1)
	if err != nil {
		return List[Event]{}, err
	}
	out := paged(s, c, events, limit, eventCursor, showEvent)
	shown := out.Data[:0]
	for _, e := range out.Data {
		if e.Description != "" {
			shown = append(shown, e)
		}
	}
	out.Data = shown
	return out, nil
}

// OneEvent names an event.
type OneEvent struct {
	ID string `path:"id" doc:"evt_…"`
}

// report ends this session too. The way on is /recover, with the code that was
// mailed; the zero flow means that no mail could go out and the password stays.
func (s *surface) report(ctx context.Context, c *Call, in OneEvent) (Step, error) {
	var id audit.ID
	if err := id.UnmarshalText([]byte(in.ID)); err != nil {
		return Step{}, err
	}
	flow, err := s.Account.Report(ctx, c.Caller, id.String(), s.lang(c))
	if err != nil {
		return Step{}, err
	}
	s.Cookies.ClearCookie(c.w, s.Cookies.Names().Session)
	if flow.IsZero() {
		return Step{Status: "complete"}, nil
	}
	return s.goOn(c, flow, account.RecoverLife), nil
}
