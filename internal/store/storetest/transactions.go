package storetest

import (
	"errors"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

var transactions = []test{
	{"all or nothing", transactionRollback},
	{"a transaction reads its own writes", transactionReads},
	{"transactions on one account, at once", transactionRace},
}

// AU-40
func transactionRollback(c *testcase) {
	u := c.person()
	stop := errors.New("stop")
	fresh := c.account("Fresh")
	c.is(c.InTx(c.ctx, func(tx store.Set) error {
		for _, err := range []error{
			tx.Users().Create(c.ctx, fresh, nil, c.event(user.Created, fresh.ID)),
			tx.Passwords().Set(c.ctx, c.credential(u, 1), c.event(user.Updated, u.ID)),
			tx.Users().AddEmail(c.ctx, user.Email{User: u.ID, Key: "x@example.test", Address: "x@example.test", CreatedAt: c.now}, c.event(user.EmailAdded, u.ID)),
		} {
			if err != nil {
				return err
			}
		}
		return stop
	}), stop)
	_, err := c.Users().ByID(c.ctx, fresh.ID)
	c.is(err, user.ErrUnknown)
	_, _, err = c.Users().ByEmail(c.ctx, "x@example.test")
	c.is(err, user.ErrUnknown)
	c.same(c.reread(u), u)
	c.same(c.trail(u), []string{"user.created"})
	c.same(len(c.trail(fresh)), 0)
}

func transactionReads(c *testcase) {
	u := c.account("Ada")
	c.ok(c.InTx(c.ctx, func(tx store.Set) error {
		if err := tx.Users().Create(c.ctx, u, nil, c.event(user.Created, u.ID)); err != nil {
			return err
		}
		if _, err := tx.Users().ByID(c.ctx, u.ID); err != nil {
			return err
		}
		if _, err := c.Users().ByID(c.ctx, u.ID); !errors.Is(err, user.ErrUnknown) {
			c.Errorf("others see an uncommitted account: %v", err)
		}
		return nil
	}))
	c.reread(u)
}

// Every step of a password change, by many at once: locks are taken in one order.
func transactionRace(c *testcase) {
	u := c.withPassword()
	won := c.race(session.ErrBirth, func(int) error {
		return c.InTx(c.ctx, func(tx store.Set) error {
			now, err := tx.Users().ByID(c.ctx, u.ID)
			if err != nil {
				return err
			}
			if _, err := tx.Sessions().EndAll(c.ctx, u.ID, session.ID{}, session.PasswordChanged, c.now, c.event(session.RevokedEvent, u.ID)); err != nil {
				return err
			}
			now.Version++
			_, err = tx.Sessions().Insert(c.ctx, c.session(now), 1, 2, c.event(session.Created, u.ID))
			return err
		})
	})
	c.same(won >= 1, true)
	c.same(c.reread(u).Version, int64(won)+1)
	live, err := c.Sessions().Of(c.ctx, u.ID, c.now)
	c.ok(err)
	c.same(len(live), 1)
}
