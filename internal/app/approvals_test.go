package app

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// administrator is one with a passkey.
type administrator struct {
	r   *rig
	u   user.User
	key *authenticator.Authenticator
}

func (r *rig) administrator(t *testing.T, email string) administrator {
	t.Helper()
	u := r.person(t, email, rbac.Admin)
	key, _ := r.keyed(t, inSession(r.signIn(t, email)), account.Proof{Password: secret.NewText(rightPassword)})
	return administrator{r, u, key}
}

// fresh is a caller who has just signed in with the passkey.
func (a administrator) fresh(t *testing.T) user.Caller {
	t.Helper()
	a.r.clock.Advance(time.Minute)
	res, err := a.r.SignIn.SignIn(t.Context(), signin.Request{By: from("198.51.100.7"), Response: signin.Response{Passkey: a.r.asserted(t, a.key)}})
	must(t, err)
	return inSession(res)
}

const week = 7 * 24 * time.Hour

// TH-42: one asks, another approves; the way in goes to the person's own address, and
// the log says who vouched.
func TestResetByTwo(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st).running(t)
		ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
		u, _ := r.enrolled(t, "kim@mail.org")
		r.clock.Advance(week)
		q, err := r.Rescue.Request(t.Context(), ada.fresh(t), u.ID, "lost her phone")
		must(t, err)
		if _, err := r.Rescue.Approve(t.Context(), ada.fresh(t), q.ID); !errors.Is(err, approval.ErrSelf) {
			t.Errorf("by who asked: %v", err)
		}
		weak := r.signIn(t, "bob@mail.org")
		if _, err := r.Rescue.Approve(t.Context(), inSession(weak), q.ID); !errors.Is(err, approval.ErrWeak) {
			t.Errorf("by password: %v", err)
		}
		late := bob.fresh(t)
		r.clock.Advance(approval.Fresh + time.Second)
		if _, err := r.Rescue.Approve(t.Context(), late, q.ID); !errors.Is(err, approval.ErrWeak) {
			t.Errorf("ten minutes after signing in: %v", err)
		}
		by := bob.fresh(t)
		won := winners(8, func(int) error { _, err := r.Rescue.Approve(t.Context(), by, q.ID); return err })
		if won != 1 {
			t.Errorf("%d of 8 approvals counted", won)
		}
		token := r.mailed(t, "kim@mail.org", "/recover/finish", reclaim.Finish)
		if _, err := r.comeBack(t, token, ""); err != nil {
			t.Fatal(err)
		}
		done := r.events(t, "recovery.completed")
		if len(done) != 1 || done[0].Details["vouched"] != ada.u.ID.String()+" "+bob.u.ID.String() {
			t.Errorf("vouched: %v", done)
		}
	})
}

// TH-42: who was made an administrator a short time ago, or by who asks, or was let in
// by them, approves nothing; neither does one administrator alone do what needs two.
func TestApproverIsNobodysPuppet(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
	u, _ := r.enrolled(t, "kim@mail.org")
	r.clock.Advance(week)
	asks := ada.fresh(t)
	if err := r.Directory.SetRoles(t.Context(), asks, u.ID, []string{rbac.Admin}); !errors.Is(err, approval.ErrNeeded) {
		t.Errorf("promoting alone: %v", err)
	}
	if _, err := r.Directory.CreateUser(t.Context(), asks, directory.NewUser{Email: "puppet@mail.org", Roles: []string{rbac.Admin}}); !errors.Is(err, approval.ErrNeeded) {
		t.Errorf("creating one: %v", err)
	}
	got, err := r.Directory.Apply(t.Context(), asks, apply.File{Users: []apply.User{{Email: "puppet@mail.org", Roles: []string{rbac.Admin}}, {Email: "kim@mail.org", Roles: []string{rbac.Admin}}}}, false, true)
	if err != nil || got.Failed != 2 {
		t.Errorf("by file: %+v, %v", got, err)
	}
	if _, _, err := r.Directory.RecoveryLink(t.Context(), asks, u.ID); !errors.Is(err, approval.ErrNeeded) {
		t.Errorf("a link: %v", err)
	}
	q, err := r.Rescue.Request(t.Context(), asks, u.ID, "lost")
	must(t, err)
	must(t, r.Directory.Disable(t.Context(), ada.fresh(t), bob.u.ID, "en"))
	must(t, r.Directory.Enable(t.Context(), ada.fresh(t), bob.u.ID))
	if _, err := r.Rescue.Approve(t.Context(), bob.fresh(t), q.ID); !errors.Is(err, approval.ErrBeholden) {
		t.Errorf("whom the requester enabled: %v", err)
	}
	eve := r.administrator(t, "eve@mail.org")
	if _, err := r.Rescue.Approve(t.Context(), eve.fresh(t), q.ID); !errors.Is(err, approval.ErrNew) {
		t.Errorf("who is new: %v", err)
	}
	if _, done, err := r.Rescue.SetPolicy(t.Context(), ada.fresh(t), reclaim.Policy{Wait: 48 * time.Hour, Reset: reclaim.ByOne}, "quicker"); err != nil || done {
		t.Errorf("the policy, alone: done %v, %v", done, err)
	}
	if p, err := r.Rescue.Policy(t.Context()); err != nil || p != reclaim.DefaultPolicy() {
		t.Errorf("policy %+v, %v", p, err)
	}
	if len(r.events(t, "approval.refused")) != 2 {
		t.Error("refusals are not in the log")
	}
}

// TH-42: with fewer than two administrators only the host decides.
func TestLoneAdministratorAsksTheHost(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada := r.administrator(t, "ada@mail.org")
	u, _ := r.enrolled(t, "kim@mail.org")
	if _, err := r.Rescue.Request(t.Context(), ada.fresh(t), u.ID, "lost"); !errors.Is(err, approval.ErrAlone) {
		t.Errorf("asked: %v", err)
	}
	if _, err := r.Rescue.Promote(t.Context(), ada.fresh(t), u.ID, "help"); !errors.Is(err, approval.ErrAlone) {
		t.Errorf("promote: %v", err)
	}
	q, err := r.Rescue.Request(t.Context(), user.Host(), u.ID, "lost")
	must(t, err)
	if _, err := r.Rescue.Approve(t.Context(), user.Host(), q.ID); err != nil {
		t.Error(err)
	}
	if _, done, err := r.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Reset: reclaim.ByNobody}, ""); err != nil || !done {
		t.Errorf("the policy: %v", err)
	}
	if _, err := r.Rescue.Request(t.Context(), user.Host(), u.ID, "lost"); !errors.Is(err, rescue.ErrResetOff) {
		t.Errorf("switched off: %v", err)
	}
}

// TH-42: two make a third, and the third is bound like anybody who is new; both who
// vouched are beyond their approval.
func TestPromotionByTwo(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
	u, _ := r.enrolled(t, "kim@mail.org")
	third := r.person(t, "tom@mail.org")
	key, _ := r.keyed(t, inSession(r.signIn(t, "tom@mail.org")), account.Proof{Password: secret.NewText(rightPassword)})
	r.clock.Advance(week)
	q, err := r.Rescue.Promote(t.Context(), ada.fresh(t), third.ID, "operations")
	must(t, err)
	_, err = r.Rescue.Approve(t.Context(), bob.fresh(t), q.ID)
	must(t, err)
	now, err := r.store.Users().ByID(t.Context(), third.ID)
	if err != nil || !slices.Contains(now.Roles, rbac.Admin) {
		t.Fatalf("roles %v, %v", now.Roles, err)
	}
	r.clock.Advance(week)
	for name, asks := range map[string]administrator{"who asked": ada, "who approved": bob} {
		q, err := r.Rescue.Request(t.Context(), asks.fresh(t), u.ID, "lost")
		must(t, err)
		if _, err := r.Rescue.Approve(t.Context(), (administrator{r, third, key}).fresh(t), q.ID); !errors.Is(err, approval.ErrBeholden) {
			t.Errorf("for %s: %v", name, err)
		}
		must(t, r.Rescue.Deny(t.Context(), user.Host(), q.ID))
	}
}

// TH-42: whatever one administrator does within seven days, with as many accounts as
// they like, another's factors stay.
func TestNoSequenceByOneAdministrator(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) { oneWeek(t, rt, r) })
}

// oneWeek lets a new administrator do anything for a week, three times a day, against
// a new victim.
func oneWeek(t *testing.T, rt *rapid.T, r *rig) {
	n := r.now().UnixNano()
	name := func(who string) string { return fmt.Sprintf("%s%d@mail.org", who, n) }
	mallory, victim := r.administrator(t, name("mallory")), r.administrator(t, name("victim"))
	r.clock.Advance(week)
	puppet := r.person(t, name("puppet"))
	key, _ := r.keyed(t, inSession(r.signIn(t, name("puppet"))), account.Proof{Password: secret.NewText(rightPassword)})
	hands := []func() user.Caller{
		func() user.Caller { return mallory.fresh(t) },
		func() user.Caller { return (administrator{r, puppet, key}).fresh(t) },
	}
	targets := []user.ID{puppet.ID, victim.u.ID, mallory.u.ID}
	var asked []approval.ID
	until := r.now().Add(week)
	for r.now().Before(until) {
		by := hands[rapid.IntRange(0, 1).Draw(rt, "hand")]()
		target := targets[rapid.IntRange(0, 2).Draw(rt, "target")]
		ctx := t.Context()
		note := func(q approval.Request, err error) {
			if err == nil {
				asked = append(asked, q.ID)
			}
		}
		switch rapid.IntRange(0, 10).Draw(rt, "act") {
		case 0:
			note(r.Rescue.Request(ctx, by, target, "please"))
		case 1:
			note(r.Rescue.Promote(ctx, by, target, "please"))
		case 2:
			q, _, err := r.Rescue.SetPolicy(ctx, by, reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByOne}, "please")
			note(q, err)
		case 3, 4:
			for _, id := range asked {
				_, _ = r.Rescue.Approve(ctx, by, id)
			}
		case 5:
			_ = r.Directory.SetRoles(ctx, by, target, []string{rbac.Admin})
		case 6:
			_, _, _ = r.Directory.RecoveryLink(ctx, by, target)
			_, _, _ = r.Rescue.Link(ctx, by, target)
		case 7:
			_, _ = r.Directory.Apply(ctx, by, apply.File{Users: []apply.User{{Email: name("puppet"), Roles: []string{rbac.Admin}}}}, false, true)
		case 8:
			_, _ = r.Directory.EndSessions(ctx, by, target)
		case 9:
			if target == victim.u.ID {
				_ = r.Directory.Disable(ctx, by, target, "en")
				_ = r.Directory.Enable(ctx, by, target)
			}
		case 10:
			r.clock.Advance(time.Duration(rapid.IntRange(1, 48).Draw(rt, "hours")) * time.Hour)
		}
		r.clock.Advance(8 * time.Hour)
	}
	must(t, r.Sweep(t.Context()))
	have, err := r.store.Passkeys().Of(t.Context(), victim.u.ID)
	if err != nil || len(have) != 1 {
		rt.Fatalf("the victim's passkeys: %d, %v", len(have), err)
	}
	if c, err := r.Rescue.Running(t.Context(), victim.u.ID); !errors.Is(err, reclaim.ErrNone) {
		rt.Fatalf("a recovery of the victim runs: %+v, %v", c, err)
	}
	for _, id := range asked { // the next run begins anew
		_ = r.Rescue.Deny(t.Context(), user.Host(), id)
	}
	for _, who := range []user.ID{mallory.u.ID, victim.u.ID, puppet.ID} {
		must(t, r.Directory.DeleteUser(t.Context(), user.Host(), who))
	}
}
