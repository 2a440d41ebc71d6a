package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/decision"
)

var decisions = []test{
	{"put, find, replace", decisionLife},
	{"swept by age and by number", decisionSweep},
}

func (c *testcase) decision(code string) decision.Record {
	return decision.Record{
		Code: code, At: c.now, Refusal: "missing_role", Reason: "role editor \x00\xff",
		Checks: []decision.Check{{Name: "origin", Passed: true}, {Name: "rules", Wanted: "editor", Got: "[]"}},
		Method: "GET", Route: "GET /x", RequestID: "req_1", IP: "192.0.2.1", UserAgent: "ua", Subject: "usr_1", Session: "ses_1", Client: "web", Credential: "session",
	}
}

func decisionLife(c *testcase) {
	r := c.decision("ABC-DEF")
	_, err := c.Decisions().ByCode(c.ctx, r.Code)
	c.is(err, decision.ErrUnknown)
	c.ok(c.Decisions().Put(c.ctx, nil))
	c.ok(c.Decisions().Put(c.ctx, []decision.Record{r, c.decision("ABC-DEG")}))
	got, err := c.Decisions().ByCode(c.ctx, r.Code)
	c.ok(err)
	r.Reason = "role editor \uFFFD\uFFFD"
	c.same(got, r)
	r.Reason, r.Checks, r.At = "another", nil, c.now.Add(time.Minute)
	c.ok(c.Decisions().Put(c.ctx, []decision.Record{r}))
	got, err = c.Decisions().ByCode(c.ctx, r.Code)
	c.ok(err)
	c.same(got, r)
}

func decisionSweep(c *testcase) {
	for i := range 6 {
		r := c.decision(fmt.Sprintf("ABC-DE%d", i+2))
		r.At = c.now.Add(time.Duration(i) * time.Second)
		c.ok(c.Decisions().Put(c.ctx, []decision.Record{r}))
	}
	sweep := func(before time.Time, most int) int {
		n, err := c.Decisions().Sweep(c.ctx, before, most, 100)
		c.ok(err)
		return n
	}
	c.same(sweep(c.now.Add(2*time.Second), 100), 2)
	c.same(sweep(c.now, 4), 0)
	c.same(sweep(c.now, 1), 3)
	_, err := c.Decisions().ByCode(c.ctx, "ABC-DE7")
	c.ok(err)
	_, err = c.Decisions().ByCode(c.ctx, "ABC-DE6")
	c.is(err, decision.ErrUnknown)
}
