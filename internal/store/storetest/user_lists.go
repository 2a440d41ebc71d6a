package storetest

import (
	"fmt"
	"time"

	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/user"
)

var userLists = []test{
	{"pages in order of id", userPages},
	{"selection", userSelection},
}

func userPages(c *testcase) {
	var want []user.ID
	for range 7 {
		c.later(time.Millisecond)
		want = append(want, c.person().ID)
	}
	var got []user.ID
	q := user.Query{Limit: 3}
	for {
		page, err := c.Users().List(c.ctx, q)
		c.ok(err)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			got = append(got, l.ID)
			c.same(l.Verified, true)
		}
		if len(page) > q.Limit {
			c.Fatalf("a page of %d, limit %d", len(page), q.Limit)
		}
		q.After = got[len(got)-1]
	}
	c.same(got, want)
	n, err := c.Users().Count(c.ctx, q)
	c.ok(err)
	c.same(n, int64(7))
}

func userSelection(c *testcase) {
	add := func(name, address string, state user.State, roles ...string) {
		c.later(time.Millisecond)
		u := c.account(name)
		u.State, u.Roles = state, roles
		if state == user.Deleting {
			u.DeleteAt = c.now
		}
		c.ok(c.Users().Create(c.ctx, u, []user.Email{c.email(u, address, time.Time{})}, c.event(user.Created, u.ID)))
	}
	add("Ångström", "anders@example.test", user.Active)
	add("Grace Hopper", "grace@example.test", user.Suspended, rbac.Admin)
	add("Zoë", "gr_ce@example.test", user.Active, rbac.Admin)
	add("50% Off", "x@example.test", user.Deleting)
	for _, tc := range []struct {
		query user.Query
		want  string
	}{
		{user.Query{}, "[anders@ grace@ gr_ce@ x@]"},
		{user.Query{Text: "GRACE"}, "[grace@]"},
		{user.Query{Text: "ångS"}, "[anders@]"},
		{user.Query{Text: "gr"}, "[grace@ gr_ce@]"},
		{user.Query{Text: "gr_"}, "[gr_ce@]"},
		{user.Query{Text: "%"}, "[]"},
		{user.Query{Text: "50%"}, "[x@]"},
		{user.Query{Text: "race"}, "[]"},
		{user.Query{Text: "\x00\xff"}, "[]"},
		{user.Query{State: user.Active}, "[anders@ gr_ce@]"},
		{user.Query{Role: rbac.Admin}, "[grace@ gr_ce@]"},
		{user.Query{Role: "nobody"}, "[]"},
		{user.Query{Role: rbac.Admin, State: user.Active, Text: "g"}, "[gr_ce@]"},
	} {
		tc.query.Limit = 50
		list, err := c.Users().List(c.ctx, tc.query)
		c.ok(err)
		got := []string{}
		for _, l := range list {
			got = append(got, l.Email[:len(l.Email)-len("example.test")])
		}
		if fmt.Sprint(got) != tc.want {
			c.Errorf("%+v selects %v, want %v", tc.query, got, tc.want)
		}
		n, err := c.Users().Count(c.ctx, tc.query)
		c.ok(err)
		c.same(n, int64(len(got)))
	}
}
