package app

import (
	"context"
	"errors"
	"testing"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/passkey"
	tel "github.com/mortise-auth/mortise/internal/phone"
	"github.com/mortise-auth/mortise/internal/policy"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

// PW-8 PW-35 PW-44 PW-46 PW-72 TH-36: a session alone does nothing to what opens an
// account, what it is known by, or what is known of it; in a session that a remembered
// device let in, neither does the password.
func TestEveryActIsConfirmed(t *testing.T) {
	t.Parallel()
	r := newRig(t, withPhones)
	_, p := r.enrolled(t, "kim@example.org")
	r.asks(t, policy.Policy{Assurance: 1, Remember: 7 * policy.Day})
	half := r.half(t, "kim@example.org")
	kept, err := r.SignIn.Continue(t.Context(), signin.Request{By: from("198.51.100.7"), Flow: half.Flow, Remember: true, Response: signin.Response{OTP: p.code()}})
	must(t, err)
	weak := r.try(t, "kim@example.org", "", kept.Trusted)
	if !weak.Complete() || weak.Session.Assurance != 1 {
		t.Fatalf("%+v", weak)
	}
	by := inSession(weak)
	lost, err := r.Rescue.Request(t.Context(), user.Host(), weak.User.ID, "lost")
	must(t, err)
	_, err = r.Rescue.Approve(t.Context(), user.Host(), lost.ID)
	must(t, err)
	acts := map[string]func(ctx context.Context, by user.Caller, p account.Proof) error{
		"add an address": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Account.AddEmail(ctx, by, p, "other@example.org", "en")
			return err
		},
		"primary address": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Account.MakePrimary(ctx, by, p, "other@example.org", "en")
		},
		"remove an address": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Account.RemoveEmail(ctx, by, p, "kim@example.org", "en")
		},
		"password": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Account.ChangePassword(ctx, account.PasswordChange{By: by, Current: p, New: secret.NewText("an altogether new passphrase"), Lang: "en"})
		},
		"export": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Account.Export(ctx, by, p)
			return err
		},
		"deletion": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Account.RequestDeletion(ctx, by, p, "en")
			return err
		},
		"add an app": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Factors.Begin(ctx, by, factor.Proof(p), "Thief")
			return err
		},
		"remove an app": func(ctx context.Context, by user.Caller, q account.Proof) error {
			return r.Factors.Remove(ctx, by, factor.Proof(q), p.id, "en")
		},
		"recovery codes": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Factors.Renew(ctx, by, factor.Proof(p), "en")
			return err
		},
		"add a passkey": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Account.OfferPasskey(ctx, by, p)
			return err
		},
		"add a phone": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Factors.BeginPhone(ctx, by, factor.Proof(p), kimsNumber, false, "en")
			return err
		},
		"remove a phone": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Factors.RemovePhone(ctx, by, factor.Proof(p), tel.NewID(r.now()), "en")
		},
		"remove the password": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Account.RemovePassword(ctx, by, p, "en")
		},
		"remove a link": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Federate.Unlink(ctx, by, federate.Proof(p), federation.NewLinkID(r.now()), "en")
		},
		"stop a recovery": func(ctx context.Context, by user.Caller, p account.Proof) error {
			_, err := r.Rescue.Stop(ctx, by, rescue.Proof(p))
			return err
		},
		"remove a passkey": func(ctx context.Context, by user.Caller, p account.Proof) error {
			return r.Account.RemovePasskey(ctx, by, p, passkey.NewID(r.now()), "en")
		},
	}
	for name, act := range acts {
		for what, proof := range map[string]account.Proof{"nothing": {}, "the password": {Password: secret.NewText(rightPassword)}, "a wrong code": {Password: secret.NewText(rightPassword), Code: secret.NewText("000000")}} {
			err := act(t.Context(), by, proof)
			if !errors.Is(err, signin.ErrUnconfirmed) && !errors.Is(err, signin.ErrSecondNeeded) && !errors.Is(err, signin.ErrSecond) {
				t.Errorf("%s by %s: %v", name, what, err)
			}
		}
	}
}
