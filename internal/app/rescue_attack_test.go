package app

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/approval"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/passkey"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/reclaim"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// TH-42: a phone is a factor that can be lost: what comes back is worth as much, the
// phone is gone, and so is every session.
func TestPhoneLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, withPhones).running(t)
	u := r.person(t, kimsMail)
	in := r.signIn(t, kimsMail)
	r.withPhone(t, inSession(in))
	c, err := r.lost(t, kimsMail)
	if err != nil || c.Level != 2 {
		t.Fatalf("level %d, %v", c.Level, err)
	}
	// Every channel is told: the phone too, with nothing that opens or stops anything.
	if told := r.texted(t, kimsNumber); told.Channel != mail.SMS || !strings.Contains(told.Text, "asks for access to your account") || told.Code != "" || strings.Contains(told.Text, "http") || strings.Contains(told.Text, "@id.") {
		t.Errorf("told by phone: %+v", told)
	}
	if !r.has(t, "recovery.phone_told", u.ID.String()) {
		t.Error("the log does not say so")
	}
	r.swept(t, reclaim.DefaultWait)
	token := r.mailed(t, kimsMail, "/recover/finish", reclaim.Finish)
	if _, err := r.comeBack(t, token, ""); err != nil {
		t.Fatal(err)
	}
	left, err := r.store.Phones().Of(t.Context(), u.ID)
	if err != nil || len(left) != 0 {
		t.Errorf("phones %v, %v", left, err)
	}
	if r.opens(t, in) {
		t.Error("a session outlived the recovery")
	}
	if next := r.half(t, kimsMail).Next; len(next) != 2 || next[0] != "otp" || next[1] != "recovery" {
		t.Errorf("next %v", next)
	}
}

// TH-42 TH-43: what the host handed over no mailbox gets: neither by asking while the
// link lives, nor by objecting and waiting.
func TestHostLinkIsNotMailed(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u, _ := r.enrolled(t, "kim@mail.org")
	text, _, err := r.Rescue.Link(t.Context(), user.Host(), u.ID)
	must(t, err)
	address, err := url.Parse(text)
	must(t, err)
	token, err := secret.Parse(reclaim.Finish, address.Query().Get("token"))
	must(t, err)
	thief := from("203.0.113.9")
	link, _, _ := r.recovery(t, "kim@mail.org", "203.0.113.9")
	if _, err := r.Rescue.Begin(t.Context(), thief, link, "en"); !errors.Is(err, reclaim.ErrRunning) {
		t.Errorf("by mail, while it lives: %v", err)
	}
	c, err := r.Rescue.ObjectTo(t.Context(), user.By(u.ID, "", thief.Source))
	must(t, err)
	if _, err := r.comeBack(t, token, ""); !errors.Is(err, reclaim.ErrNone) {
		t.Errorf("the link, objected to, before the delay is over: %v", err)
	}
	if _, err := r.Rescue.Finish(t.Context(), thief, rescue.Completion{Secret: token}); !errors.Is(err, reclaim.ErrNone) {
		t.Errorf("completed before the delay is over: %v", err)
	}
	r.swept(t, c.DueAt.Sub(r.now()))
	if live, err := r.Rescue.Running(t.Context(), u.ID); err != nil || live.Address != "" {
		t.Errorf("mailed to %q, %v", live.Address, err)
	}
	if _, err := r.comeBack(t, token, ""); err != nil {
		t.Errorf("the link, after the delay: %v", err)
	}
}

// TH-43: an administrator's session in the hands of a thief ends neither the owner's
// recovery nor a request for it.
func TestOwnRecoveryIsNotDenied(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
	q, err := r.Rescue.Request(t.Context(), ada.fresh(t), bob.u.ID, "lost")
	must(t, err)
	if err := r.Rescue.Deny(t.Context(), bob.fresh(t), q.ID); !errors.Is(err, approval.ErrSelf) {
		t.Errorf("a request about oneself: %v", err)
	}
	c, err := r.lost(t, "bob@mail.org")
	must(t, err)
	if err := r.Rescue.DenyClaim(t.Context(), bob.fresh(t), c.ID); !errors.Is(err, approval.ErrSelf) {
		t.Errorf("one's own: %v", err)
	}
	must(t, r.Rescue.DenyClaim(t.Context(), ada.fresh(t), c.ID))
	must(t, r.Rescue.Deny(t.Context(), ada.fresh(t), q.ID))
}

// TH-42: a better factor that came while a recovery ran is lost with the others, so
// what replaces them is worth as much as it.
func TestFactorAddedMeanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u, _ := r.enrolled(t, "kim@mail.org")
	_, err := r.lost(t, "kim@mail.org")
	must(t, err)
	now, err := r.store.Users().ByID(t.Context(), u.ID)
	must(t, err)
	must(t, r.store.Passkeys().Insert(t.Context(), passkey.Passkey{
		ID: passkey.NewID(r.now()), User: u.ID, Credential: []byte("made"), PublicKey: []byte("up"), Algorithm: passkey.ES256, RPID: r.Passkeys.Site().ID,
		Attestation: "packed", Attested: true, Name: "Key", CreatedAt: r.now(),
	}, now.Version, user.Host().Event(passkey.Added, r.now(), u.ID)))
	r.swept(t, reclaim.DefaultWait)
	token := r.mailed(t, "kim@mail.org", "/recover/finish", reclaim.Finish)
	o, err := r.Rescue.Offer(t.Context(), from("198.51.100.8"), token)
	if err != nil || o.Enrolment != "" {
		t.Errorf("an app is offered for a security key: %v, %v", o.Enrolment != "", err)
	}
	if _, err := r.Rescue.Finish(t.Context(), from("198.51.100.8"), rescue.Completion{Secret: token, Enrolment: "AAEC", Code: secret.NewText("000000")}); !errors.Is(err, rescue.ErrWeaker) {
		t.Errorf("%v, want ErrWeaker", err)
	}
}

// TH-43: an address that undoing a change took off the account completes nothing.
func TestClaimOfAnAddressThatLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u := r.person(t, "kim@mail.org")
	by := inSession(r.signIn(t, "kim@mail.org"))
	r.addAddress(t, by, "evil@mail.org")
	r.enrol(t, by, factor.Proof{Password: secret.NewText(rightPassword)})
	_, err := r.lost(t, "evil@mail.org")
	must(t, err)
	r.swept(t, reclaim.DefaultWait)
	token := r.mailed(t, "evil@mail.org", "/recover/finish", reclaim.Finish)
	must(t, r.store.Users().RemoveEmail(t.Context(), u.ID, "evil@mail.org", r.now(), user.System().Event(user.EmailRemoved, r.now(), u.ID)))
	if _, err := r.comeBack(t, token, ""); !errors.Is(err, reclaim.ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
}

// TH-43: a file vouches for no address while a recovery runs.
func TestFileDoesNotThaw(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	u, _ := r.enrolled(t, "kim@mail.org")
	must(t, r.store.Users().AddEmail(t.Context(), user.Email{User: u.ID, Address: "late@mail.org", Key: "late@mail.org", CreatedAt: r.now()}, user.Host().Event(user.EmailAdded, r.now(), u.ID)))
	_, err := r.lost(t, "kim@mail.org")
	must(t, err)
	got, err := r.Directory.Apply(t.Context(), user.Host(), apply.File{Users: []apply.User{{Email: "late@mail.org", EmailVerified: true}}}, false, true)
	if err != nil || got.Failed != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TH-42: where one administrator may reset people, they do not first take the role from
// an administrator; and what was asked for before resetting was switched off is not done.
func TestResetByOneLeavesAdministrators(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
	r.administrator(t, "eve@mail.org")
	r.clock.Advance(week)
	_, _, err := r.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByOne}, "")
	must(t, err)
	must(t, r.Directory.SetRoles(t.Context(), ada.fresh(t), bob.u.ID, nil))
	q, err := r.Rescue.Request(t.Context(), ada.fresh(t), bob.u.ID, "lost")
	if err != nil || q.Decision != "" {
		t.Errorf("decided %q, %v", q.Decision, err)
	}
	_, _, err = r.Rescue.SetPolicy(t.Context(), user.Host(), reclaim.Policy{Wait: reclaim.MinWait, Reset: reclaim.ByNobody}, "")
	must(t, err)
	if _, err := r.Rescue.Approve(t.Context(), user.Host(), q.ID); !errors.Is(err, rescue.ErrResetOff) {
		t.Errorf("approved when switched off: %v", err)
	}
}

// TH-42: who got into an administrator's account and gave it a passkey approves nothing
// for a week, in which its owner was told; taking the passkey away changes nothing.
func TestNewPasskeyApprovesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t).running(t)
	ada, bob := r.administrator(t, "ada@mail.org"), r.administrator(t, "bob@mail.org")
	u, _ := r.enrolled(t, "kim@mail.org")
	r.clock.Advance(week)
	q, err := r.Rescue.Request(t.Context(), ada.fresh(t), u.ID, "lost")
	must(t, err)
	key, k := r.keyed(t, inSession(r.signIn(t, "bob@mail.org")), account.Proof{Password: secret.NewText(rightPassword)})
	by := (administrator{r, bob.u, key}).fresh(t)
	if _, err := r.Rescue.Approve(t.Context(), by, q.ID); !errors.Is(err, approval.ErrNew) {
		t.Errorf("%v, want ErrNew", err)
	}
	must(t, r.store.Passkeys().Remove(t.Context(), bob.u.ID, k.ID, user.System().Event(passkey.Removed, r.now(), bob.u.ID)))
	if _, err := r.Rescue.Approve(t.Context(), by, q.ID); !errors.Is(err, approval.ErrNew) {
		t.Errorf("once it is gone: %v", err)
	}
}

// PW-48: where the day's budget of messages is spent, a recovery begins all the same, the
// mails tell alone, and the log says why.
func TestPhoneOfRecoveryWithoutBudget(t *testing.T) {
	t.Parallel()
	r := newRig(t, withPhones, func(c *Config) { c.Phones.PerNumber = 1 }).running(t)
	r.atNoon() // a budget is of a day, and what follows takes an hour
	u := r.person(t, kimsMail)
	r.withPhone(t, inSession(r.signIn(t, kimsMail)))
	if _, err := r.lost(t, kimsMail); err != nil {
		t.Fatal(err)
	}
	r.mailed(t, kimsMail, "/recover/veto", reclaim.Veto)
	if r.has(t, "recovery.phone_told", u.ID.String()) || !r.has(t, tel.Spent.String(), u.ID.String()) {
		t.Error("the log says something else")
	}
}
