package storetest

import (
	"time"

	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-47: a grant without a session hears of what is asked of its account, of each kind;
// one in a session ends with it, and is asked nothing by itself.
func tokenAsked(c *testcase) {
	a := c.app("web")
	i := a.begin(byClient)
	in := a.birth(byClient)
	in.Session = token.SessionID(a.sitting().ID)
	bound, err := a.Begin(a.ctx, in)
	a.ok(err)
	asked := func(i token.Issued) token.Demand {
		a.Helper()
		g, alive, d, err := a.Tokens().Asked(a.ctx, i.Grant.ID, a.now)
		a.ok(err)
		again, _ := a.read(i)
		a.same([]any{g, alive}, []any{again, true})
		return d
	}
	nothing, two := token.Demand{}, token.Demand{Asked: true, Grace: policy.Day}
	a.same(asked(i), nothing)
	role := func(level int) {
		a.ok(a.Roles().Put(a.ctx, rbac.Role{Name: "keeper", Assurance: level, CreatedAt: a.now, UpdatedAt: a.now}, a.system()))
	}
	role(2)
	a.policy(policy.Policy{Assurance: 1, Grace: policy.Day})
	a.same(asked(i), nothing) // somebody else's role
	a.ok(a.Users().SetRoles(a.ctx, a.owner.ID, []string{"keeper"}, "", a.now, a.event(user.RoleAssigned, a.owner.ID)))
	a.same([]any{asked(i), asked(bound)}, []any{two, nothing})
	role(0)
	a.same(asked(i), nothing)
	a.policy(policy.Policy{Assurance: 2, Grace: policy.Day})
	a.same([]any{asked(i), asked(bound)}, []any{two, nothing})

	told := a.now
	i = a.refresh(i, home)
	two.Since = told
	a.same(asked(i), two)
	a.later(time.Hour)
	i = a.refresh(i, home)
	a.same(asked(i), two) // the first time counts
	a.policy(policy.Policy{Assurance: 1, Grace: policy.Day})
	a.policy(policy.Policy{Assurance: 2, Grace: policy.Day})
	two.Since = time.Time{}
	a.same(asked(i), two) // it was asked for nothing in between
	_, _, d, err := a.Tokens().Asked(a.ctx, token.NewID(), a.now)
	a.is(err, token.ErrUnknown)
	a.same(d, nothing)
}
