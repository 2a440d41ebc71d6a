package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-1: what was proven before the act is worth nothing after it.
var births = []test{
	{"halted after the proof, resumed after the act", birthAfterAct},
	{"begun while the act is under way", birthDuringAct},
	{"against the act, many times", birthAgainstAct},
	{"of an account that was remembered", birthOfRevision},
}

// acts are what a birth may race with.
var acts = map[string]func(*testcase, store.Set, user.User) error{
	"ban": func(c *testcase, s store.Set, u user.User) error {
		return s.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID))
	},
	"delete": func(c *testcase, s store.Set, u user.User) error {
		return s.Users().Delete(c.ctx, u.ID, c.now, c.event(user.Deleted, u.ID))
	},
	"end all": func(c *testcase, s store.Set, u user.User) error {
		_, err := s.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.Revoked, c.now, c.event(session.RevokedEvent, u.ID))
		return err
	},
	"password change": func(c *testcase, s store.Set, u user.User) error {
		return s.Passwords().Set(c.ctx, password.Credential{User: u.ID, Version: 2, Hash: "new", ChangedAt: c.now}, c.event(user.Updated, u.ID))
	},
	"password removal": func(c *testcase, s store.Set, u user.User) error {
		return s.Passwords().Remove(c.ctx, u.ID, c.event(user.Updated, u.ID))
	},
}

// withPassword is a person who has password version 1.
func (c *testcase) withPassword() user.User {
	c.Helper()
	u := c.person()
	c.ok(c.Passwords().Set(c.ctx, password.Credential{User: u.ID, Version: 1, Hash: "old", ChangedAt: c.now}, c.event(user.Updated, u.ID)))
	return u
}

func birthAfterAct(c *testcase) {
	for name, act := range acts {
		u := c.withPassword()
		s, p := c.session(u), c.proof(u, proof.Recover)
		p.PasswordVersion = 1
		c.ok(c.Proofs().Put(c.ctx, p))
		c.ok(act(c, c, u))
		before := len(c.trail(u))
		if _, err := c.Sessions().Insert(c.ctx, s, 1, 0, c.event(session.Created, u.ID)); !errors.Is(err, session.ErrBirth) {
			c.Errorf("%s: session: got %v, want %v", name, err, session.ErrBirth)
		}
		if err := c.Proofs().Spend(c.ctx, p.ID, c.now, c.event(user.Updated, u.ID)); !errors.Is(err, proof.ErrExpired) {
			c.Errorf("%s: proof: got %v, want %v", name, err, proof.ErrExpired)
		}
		if _, err := c.Sessions().ByID(c.ctx, s.ID); !errors.Is(err, session.ErrUnknown) {
			c.Errorf("%s: a refused session left a row", name)
		}
		c.same(len(c.trail(u)), before)
	}
}

// The birth begins when the act has written but not committed; it must wait, or
// see what the act has done.
func birthDuringAct(c *testcase) {
	for name, act := range acts {
		u := c.withPassword()
		s := c.session(u)
		var born error
		var wg sync.WaitGroup
		var start sync.Once
		c.ok(c.InTx(c.ctx, func(tx store.Set) error {
			if err := act(c, tx, u); err != nil {
				return err
			}
			start.Do(func() {
				going := make(chan struct{})
				wg.Go(func() {
					close(going)
					_, born = c.Sessions().Insert(context.WithoutCancel(c.ctx), s, 1, 0, c.event(session.Created, u.ID))
				})
				<-going
			})
			for range 8 { // give a birth that does not wait the time to show it
				if _, err := tx.Audit().Search(c.ctx, audit.Query{Subject: u.ID.String(), Limit: 1}); err != nil {
					return err
				}
			}
			return nil
		}))
		wg.Wait()
		if !errors.Is(born, session.ErrBirth) {
			c.Errorf("%s: got %v, want %v", name, born, session.ErrBirth)
		}
	}
}

func birthAgainstAct(c *testcase) {
	for range 20 {
		u := c.person()
		all := make([]session.Session, 4)
		var wg sync.WaitGroup
		for i := range all {
			all[i] = c.session(u)
			wg.Go(func() {
				_, err := c.Sessions().Insert(c.ctx, all[i], 0, 0, c.event(session.Created, u.ID))
				if err != nil && !errors.Is(err, session.ErrBirth) {
					c.Errorf("insert: %v", err)
				}
			})
		}
		wg.Go(func() { c.endAll(u, session.ID{}) })
		wg.Wait()
		for _, s := range all {
			if c.usable(s) {
				c.Fatal("a session born before \"end all\" lives after it")
			}
		}
	}
}

// TH-1: a session that is to be born of a revision is born of no other, and every
// change of an account and its addresses makes another.
func birthOfRevision(c *testcase) {
	boss := c.someRole()
	for name, act := range map[string]func(u user.User) error{
		"profile": func(u user.User) error {
			return c.Users().SetProfile(c.ctx, u.ID, user.Profile{Name: "Other"}, 0, c.now, c.event(user.Updated, u.ID))
		},
		"roles": func(u user.User) error {
			return c.Users().SetRoles(c.ctx, u.ID, []string{boss}, "", c.now, c.event(user.RoleAssigned, u.ID))
		},
		"address": func(u user.User) error {
			key := fmt.Sprintf("second-%d@example.test", c.next())
			e := user.Email{User: u.ID, Address: key, Key: key, VerifiedAt: c.now, CreatedAt: c.now}
			if err := c.Users().AddEmail(c.ctx, e, c.event(user.EmailAdded, u.ID)); err != nil {
				return err
			}
			c.unborn("address added", u)
			u, err := c.Users().ByID(c.ctx, u.ID)
			c.ok(err)
			c.ok(c.Users().SetPrimary(c.ctx, u.ID, key, c.now, c.event(user.EmailChanged, u.ID)))
			c.unborn("another primary", u)
			return nil
		},
		"state": func(u user.User) error {
			c.ok(c.Users().SetState(c.ctx, u.ID, user.Active, user.Suspended, time.Time{}, c.now, c.event(user.Disabled, u.ID)))
			return c.Users().SetState(c.ctx, u.ID, user.Suspended, user.Active, time.Time{}, c.now, c.event(user.Enabled, u.ID))
		},
	} {
		u := c.person()
		s := c.session(u)
		s.UserRevision = u.Revision
		if _, err := c.Sessions().Insert(c.ctx, s, 0, 0, c.event(session.Created, u.ID)); err != nil {
			c.Errorf("%s: as it was: %v", name, err)
		}
		c.ok(act(u))
		c.unborn(name, u)
	}
}

// unborn wants no session to be born of u as it was.
func (c *testcase) unborn(name string, u user.User) {
	c.Helper()
	s := c.session(u)
	s.ID, s.UserRevision = session.NewID(c.later(time.Millisecond)), u.Revision
	if now, err := c.Users().ByID(c.ctx, u.ID); err == nil {
		s.UserVersion = now.Version // that alone does not refuse it
	}
	if _, err := c.Sessions().Insert(c.ctx, s, 0, 0, c.event(session.Created, u.ID)); !errors.Is(err, session.ErrBirth) {
		c.Errorf("%s: got %v, want %v", name, err, session.ErrBirth)
	}
}

func (c *testcase) someRole() string {
	c.Helper()
	c.ok(c.Roles().Put(c.ctx, rbac.Role{Name: "keeper", CreatedAt: c.now, UpdatedAt: c.now}, c.system()))
	return "keeper"
}
