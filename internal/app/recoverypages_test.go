package app

import (
	"errors"
	"html"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-43: an objection leads the administrators to the recovery; one of them stops it
// in a browser, every address is told, and it is over. Nobody else sees it.
func TestRecoveryStoppedByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t).begun(t).running(t).world(t)
	c := w.council(t)
	claim, err := w.lost(t, "vic@mail.org")
	must(t, err)
	veto := w.mailed(t, "vic@mail.org", "/recover/veto", reclaim.Veto)
	_, err = w.Rescue.Object(t.Context(), from("203.0.113.9"), veto)
	must(t, err)
	at := rescue.RecoveryPath(claim.ID)
	mail := w.told(t, "bob@mail.org", "objected to")
	if len(mail.Links) != 1 || !strings.HasSuffix(mail.Links[0], at) {
		t.Fatalf("the mail leads to %v", mail.Links)
	}
	nobody := w.entered(t, kimsMail)
	if got := nobody.get(at); got.Code != 403 || strings.Contains(got.Body.String(), "vic@") {
		t.Errorf("to nobody in particular: %d", got.Code)
	}
	stop := func(b *tab, shown answer) answer {
		return b.submit("/account/approvals/stop", shown, "id", claim.ID.String())
	}
	stop(nobody, nobody.get("/account/security")).says(t, 403, "administrators")

	b := w.entered(t, "bob@mail.org")
	b.get("/account/approvals").says(t, 200, html.EscapeString(at))
	shown := b.get(at).says(t, 200, `id="delayed"`)
	w.clock.Advance(10*time.Minute + time.Second)
	if to := stop(b, shown).to(t); to.Query().Get("again") != "1" {
		t.Errorf("ten minutes after signing in: to %s", to)
	}
	b.get("/login?again=1").says(t, 200, "Nothing was changed yet")
	if _, err := w.Rescue.Running(t.Context(), c.about.ID); err != nil {
		t.Fatalf("it was stopped by that: %v", err)
	}
	b = w.entered(t, "bob@mail.org")
	shown = b.get(at)
	stop(b, shown).to(t)
	b.get("/account/approvals").says(t, 200, "is stopped")
	w.told(t, "vic@mail.org", "is over")
	stop(b, shown).says(t, 410, rescue.ErrOver.Code)
	b.get(at).says(t, 410, rescue.ErrOver.Code)
	b.get("/account/approvals?recovery=rcl_none").says(t, 410, rescue.ErrOver.Code)
	if denied := w.events(t, "recovery.denied"); len(denied) != 1 || denied[0].Actor.ID != c.bob.u.ID.String() {
		t.Errorf("the log says %+v", denied)
	}
}

// TH-43: whose account it is cannot stop it this way: a session may be a thief's.
func TestOwnRecoveryIsNotStoppedByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t).begun(t).running(t).world(t)
	c := w.council(t)
	claim, err := w.lost(t, "bob@mail.org")
	must(t, err)
	b := w.entered(t, "bob@mail.org")
	shown := b.get(rescue.RecoveryPath(claim.ID)).says(t, 200, `id="own"`)
	if strings.Contains(shown.Body.String(), "/approvals/stop") {
		t.Error("the page offers to stop it")
	}
	b.submit("/account/approvals/stop", shown, "id", claim.ID.String()).says(t, 403, approval.ErrSelf.Code)
	if _, err := w.Rescue.Running(t.Context(), c.bob.u.ID); err != nil {
		t.Errorf("it was stopped: %v", err)
	}
}

// TH-42: one administrator asks by the page, what was typed is kept when it is wrong,
// and nothing happens before another one decides; where the policy lets one do it, it
// is done.
func TestResetAskedByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t).begun(t).running(t).world(t)
	w.council(t)
	w.told(t, "bob@mail.org", "asks for your approval")
	other, _ := w.enrolled(t, "nan@mail.org")
	b := w.entered(t, "ann@mail.org")
	b.get("/account").says(t, 200, `id="approvals"`)
	shown := b.get("/account/approvals")
	ask := func(person, reason string) answer {
		t.Helper()
		return b.submit("/account/approvals/reset", shown, "person", person, "reason", reason)
	}
	ask("nan@mial.org", "lost her phone").says(t, 422, rescue.ErrNobody.Code).says(t, 422, `value="lost her phone"`)
	ask("nan@mail.org", " ").says(t, 422, approval.ErrReason.Code).says(t, 422, `value="nan@mail.org"`)
	ask(kimsMail, "lost her phone").says(t, 409, rescue.ErrNothingLost.Code)
	ask("vic@mail.org", "again").says(t, 409, approval.ErrWaiting.Code)
	ask("Nan@Mail.org", "lost her phone").to(t)
	b.get("/account/approvals").says(t, 200, "Another administrator decides")
	all, err := w.Rescue.Requests(t.Context(), user.Host(), 10)
	if err != nil || len(all) != 2 || all[1].Subject != other.ID || all[1].Reason != "lost her phone" {
		t.Fatalf("waiting: %+v, %v", all, err)
	}
	if m := w.told(t, "bob@mail.org", "asks for your approval"); !strings.Contains(m.Text, "nan@mail.org") {
		t.Errorf("bob was told: %s", m.Text)
	}
	_, _, err = w.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByOne}, "")
	must(t, err)
	sue, _ := w.enrolled(t, "sue@mail.org")
	for address, verified := range map[string]time.Time{"work@mail.org": w.now(), "parked@mail.org": {}} {
		e := user.Email{Key: address, User: sue.ID, Address: address, VerifiedAt: verified, CreatedAt: w.now()}
		must(t, w.store.Users().AddEmail(t.Context(), e, user.Host().Event(user.EmailAdded, w.now(), sue.ID)))
	}
	b = w.entered(t, "ann@mail.org")
	shown = b.get("/account/approvals")
	ask("parked@mail.org", "lost her phone").says(t, 422, rescue.ErrNobody.Code) // nobody showed that it is theirs
	ask("work@mail.org", "lost her phone").to(t)
	b.get("/account/approvals").says(t, 200, "sue@mail.org was mailed a link")
	w.mailed(t, "sue@mail.org", "/recover/finish", reclaim.Finish)

	ask("sue@mail.org", "lost her phone").says(t, 409, reclaim.ErrRunning.Code) // the link that she has stays good

	w.clock.Advance(8 * time.Minute) // too little is left to find words
	late := b.get("/account/approvals").says(t, 200, `id="again"`)
	if strings.Contains(late.Body.String(), `name="reason"`) {
		t.Error("a form that would lose what is typed")
	}
	ask("nobody@mail.org", "found words").says(t, 422, `value="found words"`) // it was there when they began
	_, _, err = w.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByNobody}, "")
	must(t, err)
	b.get("/account/approvals").says(t, 200, `id="off"`)
}

// TH-42: who asked is told what somebody else decided, and not what they took back.
func TestWhoAskedIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	c := r.council(t)
	must(t, r.Rescue.Deny(t.Context(), c.ann.fresh(t), c.asked.ID))
	again, err := r.Rescue.Request(t.Context(), c.ann.fresh(t), c.about.ID, "lost her phone")
	must(t, err)
	must(t, r.Rescue.Deny(t.Context(), c.bob.fresh(t), again.ID))
	first := r.told(t, "ann@mail.org", "you asked for")
	if !strings.Contains(first.Subject, "denied") || !strings.Contains(first.Text, "vic@mail.org") {
		t.Errorf("told: %q %s", first.Subject, first.Text)
	}
	last, err := r.Rescue.Request(t.Context(), c.ann.fresh(t), c.about.ID, "lost her phone")
	must(t, err)
	_, err = r.Rescue.Approve(t.Context(), user.Host(), last.ID)
	must(t, err)
	if next := r.told(t, "ann@mail.org", "you asked for"); !strings.Contains(next.Subject, "approved") {
		t.Errorf("told next: %q", next.Subject)
	}

	more, _ := r.enrolled(t, "nan@mail.org")
	left, err := r.Rescue.Request(t.Context(), c.ann.fresh(t), more.ID, "lost her phone")
	must(t, err)
	must(t, r.Directory.SetRoles(t.Context(), user.Host(), c.ann.u.ID, nil))
	must(t, r.Rescue.Deny(t.Context(), c.bob.fresh(t), left.ID))
	r.clock.Advance(time.Minute) // what follows is mailed after it
	must(t, r.Directory.Disable(t.Context(), user.Host(), c.ann.u.ID, "en"))
	for {
		m := r.letter(t, "ann@mail.org")
		if strings.Contains(m.Subject, "you asked for") {
			t.Errorf("who administers no more was told: %q", m.Subject)
		}
		if strings.Contains(m.Subject, "suspended") {
			return
		}
	}
}

// TH-42: each request is mailed to all administrators, so one of them, or who has their
// session, cannot ask without end by taking it back each time. The host can.
func TestAskingIsLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	c := r.council(t)
	ann := c.ann.fresh(t)
	asked, err := c.asked, error(nil)
	for n := 1; err == nil && n < 100; n++ {
		must(t, r.Rescue.Deny(t.Context(), ann, asked.ID))
		asked, err = r.Rescue.Request(t.Context(), ann, c.about.ID, "lost her phone")
	}
	if e := problem.Of(err); !errors.Is(err, ratelimit.ErrLimited) || e.RetryAfter <= 0 {
		t.Fatalf("after a hundred requests: %v", err)
	}
	if _, err := r.Rescue.Request(t.Context(), user.Host(), c.about.ID, "lost her phone"); err != nil {
		t.Errorf("the host: %v", err)
	}
}

// TH-42: of several who ask at once where one administrator may do it, one has a link
// mailed, and nobody's link dies of another one.
func TestOneResetAtATime(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st).running(t)
		c := r.council(t)
		must(t, r.Rescue.Deny(t.Context(), user.Host(), c.asked.ID))
		_, _, err := r.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByOne}, "")
		must(t, err)
		ann := c.ann.fresh(t)
		won := winners(8, func(int) error {
			_, err := r.Rescue.Request(t.Context(), ann, c.about.ID, "lost her phone")
			if err != nil && !errors.Is(err, reclaim.ErrRunning) {
				t.Errorf("refused: %v", err)
			}
			return err
		})
		if won != 1 {
			t.Errorf("%d of 8 had a link mailed", won)
		}
		if _, err := r.comeBack(t, r.mailed(t, "vic@mail.org", "/recover/finish", reclaim.Finish), ""); err != nil {
			t.Errorf("with the link: %v", err)
		}
	})
}
