package app

import (
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// council are two administrators of a week's standing, one of whom asks to reset the
// factors of somebody.
type council struct {
	*rig
	ann, bob administrator
	about    user.User
	asked    approval.Request
}

func (r *rig) council(t *testing.T) council {
	t.Helper()
	c := council{rig: r, ann: r.administrator(t, "ann@mail.org"), bob: r.administrator(t, "bob@mail.org")}
	c.about, _ = r.enrolled(t, "vic@mail.org")
	r.clock.Advance(week)
	var err error
	c.asked, err = r.Rescue.Request(t.Context(), c.ann.fresh(t), c.about.ID, "lost <her> phone")
	must(t, err)
	return c
}

// page is where one decides the request.
func (c council) page() string { return rescue.DecidePath(c.asked.ID) }

// entered is the browser of somebody who signs in by password.
func (w *world) entered(t *testing.T, email string) *tab {
	t.Helper()
	b := w.tab(t)
	w.clock.Advance(time.Minute)
	b.submit("/login", b.get("/login"), "identifier", email, "password", rightPassword)
	if !b.signedIn() {
		t.Fatalf("%s is not signed in", email)
	}
	return b
}

// proves signs in again with the passkey, on the way to a page.
func (b *tab) proves(a administrator, back string) {
	b.t.Helper()
	shown := b.get("/login?" + url.Values{"again": {"1"}, "return_to": {back}}.Encode())
	answer, err := a.key.Get(json.RawMessage(b.get("/account/confirm/passkey").Body.Bytes()))
	must(b.t, err)
	if to := b.submit("/login/again", shown, "return_to", back, "passkey", string(answer)).to(b.t); to.RequestURI() != back {
		b.t.Fatalf("the proof leads to %s", to)
	}
}

func (b *tab) decide(shown answer, how string, id approval.ID) answer {
	b.t.Helper()
	return b.submit("/account/approvals/"+how, shown, "id", id.String())
}

// TH-42: from the mail to the decision, by the pages: the second administrator sees
// who asks for whom and why, proves themselves with a passkey, and vouches for it.
func TestApprovalByThePages(t *testing.T) {
	t.Parallel()
	w := newRig(t).begun(t).running(t).world(t)
	c := w.council(t)
	mail := w.told(t, "bob@mail.org", "asks for your approval")
	if len(mail.Links) != 1 || !strings.HasSuffix(mail.Links[0], c.page()) {
		t.Fatalf("the mail leads to %v", mail.Links)
	}
	b := w.tab(t)
	if to := b.get(c.page()).to(t); to.Path != "/login" || to.Query().Get("return_to") != c.page() {
		t.Errorf("nobody signed in: to %s", to)
	}
	b = w.entered(t, "bob@mail.org")
	b.get("/account").says(t, 200, `id="approvals"`)
	b.get("/account/approvals").says(t, 200, html.EscapeString(c.page()))
	shown := b.get(c.page())
	for _, part := range []string{"ann@mail.org", "vic@mail.org", "lost &lt;her&gt; phone", `data-passkey=`, `id="deny"`} {
		shown.says(t, 200, part)
	}
	if strings.Contains(shown.Body.String(), "/account/approvals/approve") {
		t.Error("a sign-in by password may approve it")
	}
	w.clock.Advance(10*time.Minute + time.Second)
	if to := b.decide(shown, "deny", c.asked.ID).to(t); to.Path != "/login" || to.Query().Get("again") != "1" || to.Query().Get("return_to") != "/account/approvals" {
		t.Errorf("ten minutes after signing in: to %s", to)
	}
	b = w.entered(t, "bob@mail.org")
	shown = b.get(c.page())
	b.decide(shown, "approve", c.asked.ID).says(t, 403, approval.ErrWeak.Code)
	b.proves(c.bob, c.page())
	shown = b.get(c.page()).says(t, 200, "/account/approvals/approve")
	formless := map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Origin": selfURI, "Sec-Fetch-Site": "same-origin"}
	if a := b.send(ask{"POST", "/account/approvals/approve", "id=" + c.asked.ID.String(), formless}); a.Code != 403 {
		t.Errorf("without the form's token: %d", a.Code)
	}
	if to := b.decide(shown, "approve", c.asked.ID).to(t); to.Path != "/account/approvals" {
		t.Errorf("it leads to %s", to)
	}
	b.get("/account/approvals").says(t, 200, "you vouched")
	b.decide(shown, "approve", c.asked.ID).says(t, 404, approval.ErrUnknown.Code)
	b.decide(shown, "deny", c.asked.ID).says(t, 404, approval.ErrUnknown.Code)
	b.get(c.page()).says(t, 404, approval.ErrUnknown.Code)
	approved := w.events(t, "recovery.reset_approved")
	if len(approved) != 1 || approved[0].Details["vouched"] != c.ann.u.ID.String()+" "+c.bob.u.ID.String() || approved[0].Actor.ID != c.bob.u.ID.String() {
		t.Errorf("the log says %+v", approved)
	}
	w.mailed(t, "vic@mail.org", "/recover/finish", reclaim.Finish)
	w.told(t, "ann@mail.org", "you asked for was approved")
}

// TH-42 TH-43: neither who asked nor whom it is about decides it; who asked takes it
// back; who does not administer learns nothing, whatever the address says.
func TestApprovalPagesOfOthers(t *testing.T) {
	t.Parallel()
	w := newRig(t).begun(t).running(t).world(t)
	c := w.council(t)
	nobody := w.entered(t, kimsMail)
	known, unknown := nobody.get(c.page()), nobody.get(rescue.DecidePath(approval.NewID(w.now())))
	if known.Code != 403 || unknown.Code != 403 || strings.Contains(known.Body.String(), "vic@") || strings.Contains(known.Body.String(), c.asked.ID.String()+" ") {
		t.Errorf("to nobody in particular: %d %s", known.Code, known.Body)
	}
	form := nobody.get("/account/security")
	for _, how := range []string{"approve", "deny"} {
		nobody.decide(form, how, c.asked.ID).says(t, 403, "administrators")
	}

	ann := w.entered(t, "ann@mail.org")
	ann.proves(c.ann, c.page())
	shown := ann.get(c.page()).says(t, 200, "You asked for this")
	if strings.Contains(shown.Body.String(), "/approvals/approve") {
		t.Error("who asked may approve")
	}
	ann.decide(shown, "approve", c.asked.ID).says(t, 403, approval.ErrSelf.Code)
	ann.decide(shown, "deny", c.asked.ID).to(t)
	if n := len(w.events(t, "approval.decided")); n != 1 {
		t.Errorf("%d decisions in the log", n)
	}

	again, err := w.Rescue.Request(t.Context(), c.ann.fresh(t), c.bob.u.ID, "his key is broken")
	must(t, err)
	bob := w.entered(t, "bob@mail.org")
	bob.proves(c.bob, rescue.DecidePath(again.ID))
	shown = bob.get(rescue.DecidePath(again.ID)).says(t, 200, `id="refusal"`)
	if strings.Contains(shown.Body.String(), "/approvals/approve") || strings.Contains(shown.Body.String(), "/approvals/deny") {
		t.Error("whom it is about may decide")
	}
	bob.decide(shown, "deny", again.ID).says(t, 403, approval.ErrSelf.Code)
	bob.decide(shown, "approve", again.ID).says(t, 403, approval.ErrSelf.Code)

	w.clock.Advance(13 * time.Hour)
	if to := bob.get(rescue.DecidePath(again.ID)).to(t); to.Path != "/login" || to.Query().Get("again") != "1" || to.Query().Get("return_to") != rescue.DecidePath(again.ID) {
		t.Errorf("a sign-in of half a day ago: to %s", to)
	}
	bob.proves(c.bob, rescue.DecidePath(again.ID))
	w.clock.Advance(approval.Life)
	late := w.entered(t, "bob@mail.org")
	late.get(rescue.DecidePath(again.ID)).says(t, 404, approval.ErrUnknown.Code)
	late.decide(late.get("/account/security"), "deny", again.ID).says(t, 404, approval.ErrUnknown.Code)
}

// TH-42: what was asked for by somebody who administers no more is approved by nobody,
// not by the host either; and of one who loses the role at that very moment either it
// was approved before, or not at all.
func TestApprovalAfterTheRequesterLeft(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st).running(t)
		c := r.council(t)
		by := c.bob.fresh(t)
		results := make([]error, 2)
		winners(2, func(i int) error {
			if i == 0 {
				results[i] = r.Directory.SetRoles(t.Context(), user.Host(), c.ann.u.ID, nil)
			} else {
				_, results[i] = r.Rescue.Approve(t.Context(), by, c.asked.ID)
			}
			return results[i]
		})
		must(t, results[0])
		if results[1] != nil && !errors.Is(results[1], approval.ErrRequester) {
			t.Fatalf("at the same time: %v", results[1])
		}
		if results[1] == nil {
			c.about, _ = r.enrolled(t, "nan@mail.org")
			must(t, r.Directory.SetRoles(t.Context(), user.Host(), c.ann.u.ID, []string{"admin"}))
			var err error
			c.asked, err = r.Rescue.Request(t.Context(), c.ann.fresh(t), c.about.ID, "lost")
			must(t, err)
			must(t, r.Directory.SetRoles(t.Context(), user.Host(), c.ann.u.ID, nil))
		}
		for name, by := range map[string]user.Caller{"another administrator": c.bob.fresh(t), "the host": user.Host()} {
			if _, err := r.Rescue.Approve(t.Context(), by, c.asked.ID); !errors.Is(err, approval.ErrRequester) {
				t.Errorf("by %s: %v", name, err)
			}
		}
		one, err := r.Rescue.Petition(t.Context(), c.bob.fresh(t), c.asked.ID)
		if err != nil || !errors.Is(one.Refusal, approval.ErrRequester) || one.Undeniable != nil {
			t.Errorf("shown: %+v, %v", one, err)
		}
		if _, err := r.Rescue.Running(t.Context(), c.about.ID); !errors.Is(err, reclaim.ErrNone) {
			t.Errorf("a recovery runs: %v", err)
		}
		must(t, r.Rescue.Deny(t.Context(), c.bob.fresh(t), c.asked.ID))
	})
}

// TH-42: of approvals and refusals at once one counts, and the log says which.
func TestDecisionsRace(t *testing.T) {
	engines(t, func(t *testing.T, st store.Store) {
		r := newRigOn(t, st).running(t)
		c := r.council(t)
		by := c.bob.fresh(t)
		won := winners(8, func(i int) (err error) {
			if i%2 == 0 {
				_, err = r.Rescue.Approve(t.Context(), by, c.asked.ID)
				return err
			}
			return r.Rescue.Deny(t.Context(), by, c.asked.ID)
		})
		decided := r.events(t, "approval.decided")
		if won != 1 || len(decided) != 1 {
			t.Fatalf("%d of 8 decisions counted, %d are in the log", won, len(decided))
		}
		_, err := r.Rescue.Running(t.Context(), c.about.ID)
		if runs := err == nil; runs != (decided[0].Details["decision"] == "approved") {
			t.Errorf("%s, and a recovery runs: %v", decided[0].Details["decision"], runs)
		}
	})
}
