package app

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/recovery"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
)

// reset chooses a new password by mail, which signs nobody in.
func (e *everyFactor) reset() {
	if e.disabled {
		return
	}
	flow := e.post("/recover", map[string]any{"identifier": e.email})().text("flow")
	code := e.letterAt(e.t, e.email, "/recover/password").Code
	next := fmt.Sprintf("%s %d", rightPassword, e.changed)
	for range 2 {
		got, _ := e.try("reset", 0, e.post("/recover", map[string]any{"flow": flow, "code": code, "new_password": next}))
		if got.Code == 200 && e.password != next {
			e.password = next
			e.changed++
			e.dead++
		}
	}
}

// comesBack loses everything and waits, which signs nobody in and leaves one new app.
func (e *everyFactor) comesBack() {
	if e.disabled || !e.ways() || !e.asks() && e.key == nil {
		return
	}
	flow := e.post("/recover", map[string]any{"identifier": e.email})().text("flow")
	code := e.letterAt(e.t, e.email, "/recover/password").Code
	if begun, _ := e.try("lost", 0, e.post("/recover/lost", map[string]any{"flow": flow, "code": code})); begun.Code != 200 {
		return
	}
	e.clock.Advance(73 * time.Hour)
	must(e.t, e.Sweep(e.t.Context()))
	token := e.mailed(e.t, e.email, "/recover/finish", "reclaim").Reveal()
	offer := e.post("/recover/offer", map[string]any{"token": token})()
	made, err := totp.Decode(secret.NewText(offer.text("secret")))
	must(e.t, err)
	got, _ := e.try("come back", 0, e.post("/recover/finish", map[string]any{"token": token, "enrolment": offer.text("enrolment"), "code": totp.CodeAt(made, e.clock.Now())}))
	got.want(e.t, 200, "")
	all, err := e.store.TOTP().Of(e.t.Context(), e.who)
	must(e.t, err)
	e.forgetKey()
	e.app, e.appID, e.lastStep, e.codes, e.phone = made, all[0].ID, totp.StepAt(e.clock.Now()), texts(got.json["recovery_codes"]), tel.ID{}
	e.changed++
	e.dead++
	e.reached["come back"]++
}

func (e *everyFactor) forgetKey() {
	if e.key != nil {
		e.lost, e.key = append(e.lost, e.key), nil
	}
}

// change adds or takes away what opens the account.
func (e *everyFactor) change(what string) {
	ctx, now, by := e.t.Context(), e.now(), user.Host()
	if e.disabled {
		return
	}
	e.changed++
	switch {
	case what == "app" && e.app == nil:
		d, text := totp.New(e.App.keys, e.who, "Phone", now)
		must(e.t, e.store.TOTP().Begin(ctx, d))
		e.lastStep = totp.StepAt(now) - 2
		must(e.t, e.store.TOTP().Confirm(ctx, e.who, d.ID, e.lastStep, now, by.Event(totp.Added, now, e.who)))
		var err error
		e.app, err = totp.Decode(text)
		must(e.t, err)
		e.appID = d.ID
		e.list()
	case what == "app":
		must(e.t, e.Factors.RemoveFor(ctx, by, e.who, e.appID))
		e.app = nil
	case what == "phone" && e.phone.IsZero():
		p := tel.New(e.App.keys, e.who, tel.Number(e.number), now)
		must(e.t, e.store.Phones().Begin(ctx, p))
		must(e.t, e.store.Phones().Confirm(ctx, e.who, p.ID, now, by.Event(tel.Added, now, e.who)))
		e.phone = p.ID
		e.list()
	case what == "phone":
		must(e.t, e.Factors.RemovePhoneFor(ctx, by, e.who, e.phone))
		e.phone = tel.ID{}
	case what == "passkey" && e.key == nil:
		e.key = authenticator.New(selfURI)
		answer, err := e.key.Create(e.Passkeys.Creation(passkey.Create, passkey.Person{ID: e.who, Address: e.email}, "test", nil))
		must(e.t, err)
		k, err := e.Passkeys.Register(ctx, passkey.Create, "test", answer)
		must(e.t, err)
		u, err := e.store.Users().ByID(ctx, e.who)
		must(e.t, err)
		k.Name, e.keyID = "Key", k.ID
		must(e.t, e.store.Passkeys().Insert(ctx, k, u.Version, by.Event(passkey.Added, now, e.who)))
	case what == "passkey":
		must(e.t, e.Factors.RemovePasskeyFor(ctx, by, e.who, e.keyID))
		e.forgetKey()
	case what == "link" && e.link.IsZero():
		c := e.connection(e.t, "acme")
		u, err := e.store.Users().ByID(ctx, e.who)
		must(e.t, err)
		l := federation.Link{ID: federation.NewLinkID(now), Connection: c.ID, Issuer: idpIssuer, Subject: e.email, User: e.who, CreatedAt: now}
		must(e.t, e.store.Federation().Link(ctx, l, c.Version, u.Version, by.Event(federation.LinkMade, now, e.who)))
		e.link = l.ID
	case what == "link":
		must(e.t, e.store.Federation().Unlink(ctx, e.who, e.link, by.Event(federation.LinkGone, now, e.who)))
		e.link = federation.LinkID{}
	}
	if !e.asks() {
		e.codes = nil // they go with the last of both
	}
}

// list makes recovery codes, with the first factor that has some.
func (e *everyFactor) list() {
	if len(e.codes) > 0 {
		return
	}
	codes, kept := recovery.New(e.App.keys, e.who)
	must(e.t, e.store.Recovery().Replace(e.t.Context(), e.who, kept, e.now(), user.Host().Event(recovery.Made, e.now(), e.who)))
	e.codes = nil
	for _, c := range codes {
		e.codes = append(e.codes, c.Reveal())
	}
}

func (e *everyFactor) administer() {
	switch e.draw("act", "policy", "policy", "everywhere", "disable") {
	case "policy":
		e.policy = policy.Policy{
			Assurance: rapid.IntRange(1, 2).Draw(e.rt, "assurance"), Remember: time.Duration(rapid.IntRange(0, 2).Draw(e.rt, "days")) * policy.Day,
		}
		e.rig.asks(e.t, e.policy)
	case "everywhere":
		_, err := e.Directory.EndSessions(e.t.Context(), user.Host(), e.who)
		must(e.t, err)
		e.dead++
	case "disable":
		if e.dead++; e.disabled {
			must(e.t, e.Directory.Enable(e.t.Context(), user.Host(), e.who))
		} else {
			must(e.t, e.Directory.Disable(e.t.Context(), user.Host(), e.who, "en"))
		}
		e.disabled = !e.disabled
	}
}
