package web

import (
	"cmp"
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

// protocolChecks are what a request to a Protocol route passes: who is asking is
// its handler's to find out.
var protocolChecks = []string{"host", "limit", "handler"}

func (q *Request) pass(check string) {
	if q.passed == nil {
		q.passed = q.space[:0]
	}
	q.passed = append(q.passed, check)
}

// explain remembers why r is refused, for administrators. A stranger without any
// credential is not worth a record: there is nothing to find out.
func (f *Frame) explain(s Surface, r *http.Request, p *problem.Error) {
	q := Of(r)
	refusal := slices.Contains(refusals, p.Kind) || slices.ContainsFunc(s.Refusals, func(e *problem.Error) bool { return p.Is(e) })
	if f.o.Explain == nil || q.Host || !refusal || p.Is(errNoCookie) {
		return
	}
	d := decision.Record{
		Refusal: p.Code, Method: r.Method, Route: q.pattern, RequestID: q.ID, Credential: cmp.Or(q.kind, "none"), Client: q.clientID,
		IP: q.Caller.Source.IP, UserAgent: q.Caller.Source.UserAgent,
	}
	if cause := p.Unwrap(); cause != nil {
		d.Reason = cause.Error()
	}
	if q.Identity != nil {
		d.Subject, d.Session = q.Identity.Subject, q.Identity.Session
	}
	names := checks
	if q.access == Protocol {
		names = protocolChecks
	}
	for _, name := range names {
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
