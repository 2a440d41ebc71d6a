package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	accounts "github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// oracle asks a server about accounts that exist and others that do not, in turns.
type oracle struct {
	app    *app.App
	people []account
	asked  int
	close  func() error
}

// unknown measures whether the time of an answer tells if there is an account.
func unknown(b *bench) error {
	n := b.rounds(2000, 400)
	quick, err := b.oracle(n, password.TestParameters())
	if err != nil {
		return err
	}
	defer quick.close()
	real, err := b.oracle(b.rounds(200, 40), password.DefaultParameters())
	if err != nil {
		return err
	}
	defer real.close()
	for _, one := range []struct {
		what string
		of   *oracle
		ask  inquiry
	}{
		{"wrong password, known and unknown identifier, hash nearly free", quick, atOnce(quick.signIn)},
		{"the same with the real hash", real, atOnce(real.signIn)},
		{"sign-up with a known and an unknown address", quick, atOnce(quick.signUp)},
		{"recovery of a known and an unknown address", quick, atOnce(quick.recover)},
		{"a code by mail asked for with a known and an unknown address", quick, atOnce(quick.askByMail)},
		{"a wrong code by mail, known and unknown address", quick, quick.wrongCode},
	} {
		if err := b.indifferent(one.what, one.of, one.ask); err != nil {
			return fmt.Errorf("%s: %w", one.what, err)
		}
	}
	return nil
}

// inquiry asks about somebody. What it returns is what is timed.
type inquiry func(ctx context.Context, by user.Caller, who string) (func() error, error)

// atOnce is an inquiry without anything to do before.
func atOnce(ask func(context.Context, user.Caller, string) error) inquiry {
	return func(ctx context.Context, by user.Caller, who string) (func() error, error) {
		return func() error { return ask(ctx, by, who) }, nil
	}
}

// indifferent compares the medians. Chance says who goes first in a pair: in a
// fixed turn the collector, which comes once in so many hashes, may meet always the
// same of both. Every question comes from an address of its own.
func (b *bench) indifferent(what string, o *oracle, ask inquiry) error {
	known, strangers := make([]time.Duration, len(o.people)), make([]time.Duration, len(o.people))
	chance := rand.New(rand.NewPCG(1, uint64(len(o.people)))) //nolint:gosec // an order, no secret
	for i, p := range o.people {
		first := chance.IntN(2)
		turns := []struct {
			who  string
			took []time.Duration
		}{{p.email, known}, {fmt.Sprintf("stranger-%d@example.test", i), strangers}}
		for j := range turns {
			t := turns[(first+j)%2]
			o.asked++
			by := user.Anonymous(audit.Source{IP: fmt.Sprintf("100.%d.%d.%d", 64+o.asked>>16&63, o.asked>>8&255, o.asked&255), UserAgent: "bench"})
			answer, err := ask(b.ctx, by, t.who)
			if err != nil {
				return err
			}
			begun := time.Now()
			if err := answer(); err != nil {
				return err
			}
			t.took[i] = time.Since(begun)
		}
	}
	k, s := median(known), median(strangers)
	apart := max(k-s, s-k)
	b.add(row{
		fmt.Sprintf("%s, %d pairs, medians", what, len(o.people)), millis(k) + " known", millis(s) + " unknown",
		fmt.Sprintf("%s apart", millis(apart)), "within 1 ms", judge(apart <= time.Millisecond),
	})
	return nil
}

func (o *oracle) signIn(ctx context.Context, by user.Caller, who string) error {
	_, err := o.app.SignIn.SignIn(ctx, signin.Request{By: by, Identifier: who, Response: signin.Response{Password: secret.NewText("not the passphrase at all")}})
	return refused(err)
}

func (o *oracle) signUp(ctx context.Context, by user.Caller, who string) error {
	_, err := o.app.Account.StartSignUp(ctx, accounts.SignUp{By: by, Name: "Ada", Email: who, Password: secret.NewText(passphrase), Lang: "en"})
	return err
}

func (o *oracle) recover(ctx context.Context, by user.Caller, who string) error {
	_, err := o.app.Account.StartRecovery(ctx, by, who, "en")
	return err
}

func (o *oracle) askByMail(ctx context.Context, by user.Caller, who string) error {
	_, err := o.app.SignIn.AskByMail(ctx, signin.Request{By: by, Identifier: who})
	return err
}

func (o *oracle) wrongCode(ctx context.Context, by user.Caller, who string) (func() error, error) {
	asked, err := o.app.SignIn.AskByMail(ctx, signin.Request{By: by, Identifier: who})
	if err != nil {
		return nil, err
	}
	r := signin.Request{By: by, Identifier: who, Response: signin.Response{Mailed: &signin.Mailed{Flow: asked.Flow, Code: secret.NewText("00000000")}}}
	return func() error {
		_, err := o.app.SignIn.SignIn(ctx, r)
		return refused(err)
	}, nil
}

// refused is nil for the answer to a wrong guess, and tells of any other.
func refused(err error) error {
	switch {
	case errors.Is(err, signin.ErrWrong), errors.Is(err, proof.ErrWrongCode):
		return nil
	case err == nil:
		return errors.New("a wrong guess was taken")
	}
	return err
}

// oracle sets up a server with n people whose passwords are hashed like this.
func (b *bench) oracle(n int, p password.Parameters) (*oracle, error) {
	st, err := sqlite.Open(b.ctx, filepath.Join(b.tmp, "oracle-"+strings.ReplaceAll(p.String(), "$", "-")), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	c := wiring("http://localhost")
	c.Passwords.Parameters, c.EmailCodes = p, true
	c.Limits = ratelimit.Defaults()
	for i := range c.Limits {
		c.Limits[i].Every, c.Limits[i].Burst = time.Microsecond, 1_000_000
	}
	a, err := app.New(b.ctx, c, st)
	if err != nil {
		return nil, firstOf(err, st.Close())
	}
	people, err := settlers(b.ctx, a, st, n)
	if err == nil {
		err = opened(b.ctx, st)
	}
	if err != nil {
		return nil, firstOf(err, st.Close())
	}
	return &oracle{app: a, people: people, close: st.Close}, nil
}

// opened ends the first run, so that people may sign up.
func opened(ctx context.Context, st store.Store) error {
	code, browser, t := secret.Digest{1}, secret.Digest{2}, now()
	err := st.Instance().OpenSetup(ctx, code, t.Add(time.Hour), event(instance.SetupOpened, user.ID{}))
	err1 := st.Instance().TakeSetup(ctx, code, browser, t, event(instance.SetupOpened, user.ID{}))
	return firstOf(err, err1, st.Instance().CompleteSetup(ctx, browser, t, event(instance.SetupCompleted, user.ID{})))
}
