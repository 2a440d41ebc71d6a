package web

import (
	"net/http"
	"slices"

	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/problem"
)

// checks are what a request passes, in order; the handler is the last.
var checks = []string{"host", "limit", "origin", "credential", "access", "handler"}

// refusals are the kinds of errors that say no to somebody, rather than that
// something went wrong or was misspelt.
var refusals = []problem.Kind{problem.Unauthenticated, problem.Forbidden, problem.Limited, problem.Misdirected}

func (q *Request) pass(check string) {
	if q.passed == nil {
		q.passed = q.space[:0]
	}
	q.passed = append(q.passed, check)
}

// explain remembers why r is refused, for administrators. A stranger without any
// credential is not worth a record: there is nothing to find out.
func (f *Frame) explain(r *http.Request, p *problem.Error) {
	q := Of(r)
	if f.o.Explain == nil || q.Host || !slices.Contains(refusals, p.Kind) || p.Is(errNoCookie) {
		return
	}
	d := decision.Record{
		Refusal: p.Code, Method: r.Method, Route: q.pattern, RequestID: q.ID, Credential: "none",
		IP: q.Caller.Source.IP, UserAgent: q.Caller.Source.UserAgent,
	}
	if cause := p.Unwrap(); cause != nil {
		d.Reason = cause.Error()
	}
	if q.Secret != "" {
		d.Credential = "session"
	}
	if q.Identity != nil {
		d.Subject, d.Session = q.Identity.Subject, q.Identity.Session
	}
	for _, name := range checks {
		c := decision.Check{Name: name, Passed: slices.Contains(q.passed, name)}
		if !c.Passed {
			c.Wanted, c.Got = p.Compared()
		}
		if d.Checks = append(d.Checks, c); !c.Passed {
			break
		}
	}
	q.Why = f.o.Explain(r.Context(), d)
}
