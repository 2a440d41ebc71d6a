package api

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/problem"
)

// CodeRequest names a refusal.
type CodeRequest struct {
	Code string `path:"code" doc:"Such as 4KD-9TX."`
}

// Decision is a refusal with its reason.
type Decision struct {
	Code       string           `json:"code" doc:"What the refused person was shown."`
	At         time.Time        `json:"at" doc:"When it happened."`
	Refusal    string           `json:"refusal" doc:"Stable code of the error."`
	Said       string           `json:"said" doc:"What the answer said."`
	Reason     string           `json:"reason,omitempty" doc:"What it did not say."`
	Checks     []decision.Check `json:"checks" doc:"What was checked, in order. The last one refused."`
	Method     string           `json:"method" doc:"The request's method."`
	Route      string           `json:"route" doc:"The pattern it met."`
	RequestID  string           `json:"request_id" doc:"Names the request in the logs."`
	IP         string           `json:"ip,omitempty" doc:"Where it came from."`
	UserAgent  string           `json:"user_agent,omitempty" doc:"With what."`
	Subject    string           `json:"subject,omitempty" doc:"Whose request it was, when known."`
	Session    string           `json:"session,omitempty" doc:"In which session."`
	Client     string           `json:"client,omitempty" doc:"By which client."`
	Credential string           `json:"credential" doc:"What kind of credential it carried."`
}

func (s *surface) why(ctx context.Context, _ *Call, in CodeRequest) (Decision, error) {
	r, err := s.Why(ctx, in.Code)
	if err != nil {
		return Decision{}, err
	}
	d := Decision{
		Code: r.Code, At: r.At, Refusal: r.Refusal, Reason: r.Reason, Checks: r.Checks, Method: r.Method, Route: r.Route, RequestID: r.RequestID,
		IP: r.IP, UserAgent: r.UserAgent, Subject: r.Subject, Session: r.Session, Client: r.Client, Credential: r.Credential,
	}
	if e, ok := problem.Lookup(r.Refusal); ok {
		d.Said = e.Public
	}
	return d, nil
}
