package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/web"
)

func (s *surface) logoutTable() []endpoint {
	const tag = "Logouts"
	return []endpoint{
		route(s, endpoint{
			Method: "GET", Path: "/logouts", Access: web.Admin, Tag: tag, Name: "logouts.list", Summary: "List logouts that clients were not told of",
			Text: "Oldest first: those that wait for their next attempt, and those given up within the last week. What was delivered is in the audit trail.",
		}, s.logouts),
		route(s, endpoint{
			Method: "POST", Path: "/logouts/{id}/retry", Access: web.Admin, Tag: tag, Name: "logouts.retry", Summary: "Tell a client of a logout again",
			Text: "Within seconds, and then for a day as if it were new.", Errors: []*problem.Error{logout.ErrUnknown},
		}, s.retryLogout),
	}
}

// Logout is a client to be told that a session ended.
type Logout struct {
	ID         string     `json:"id" doc:"The claim jti of its logout tokens."`
	ClientID   string     `json:"client_id"`
	User       string     `json:"user"`
	Session    string     `json:"session" doc:"The claim sid."`
	Cause      string     `json:"cause,omitempty" doc:"Why the session ended; absent when its account is gone."`
	State      string     `json:"state" enum:"waiting,dead"`
	Attempts   int        `json:"attempts"`
	Reason     string     `json:"reason,omitempty" doc:"Why the last attempt failed."`
	NextAt     *time.Time `json:"next_at,omitempty" doc:"Of the next attempt, or the end of the one under way."`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty" doc:"When it was given up."`
}

// LogoutRef names one.
type LogoutRef struct {
	ID string `path:"id" doc:"lgo_…"`
}

func showLogout(d logout.Delivery) Logout {
	out := Logout{
		ID: d.ID.String(), ClientID: d.Client, User: d.User.String(), Session: d.Session.String(), Cause: d.Cause, State: "waiting",
		Attempts: d.Attempts, Reason: d.Reason, CreatedAt: d.CreatedAt, FinishedAt: moment(d.FinishedAt),
	}
	if d.Outcome == logout.Dead {
		out.State = "dead"
	} else {
		out.NextAt = moment(d.NextAt)
	}
	return out
}

func (s *surface) logouts(ctx context.Context, c *Call, in PageRequest) (List[Logout], error) {
	after, _ := logout.ParseID(in.After) // a cursor that is none begins anew
	n := size(in.Limit)
	rows, err := s.Directory.Logouts(ctx, c.Caller, after, n+1)
	if err != nil {
		return List[Logout]{}, err
	}
	return paged(s, c, rows, n, func(d logout.Delivery) string { return d.ID.String() }, showLogout), nil
}

func (s *surface) retryLogout(ctx context.Context, c *Call, in LogoutRef) (none, error) {
	id, err := logout.ParseID(in.ID)
	if err != nil {
		return none{}, logout.ErrUnknown.Because(err)
	}
	return none{}, s.Directory.RetryLogout(ctx, c.Caller, id)
}
