package main

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// hashless is the password method without its hash: it reads the credential and
// believes whoever asks.
type hashless struct{ kept password.Store }

func (hashless) Name() string          { return "pwd" }
func (hashless) Factor() signin.Factor { return signin.Knows }

func (hashless) Answers(signin.Response) bool { return true }

func (m hashless) Finish(ctx context.Context, a *signin.Attempt, _ signin.Response) (signin.Proven, error) {
	c, err := m.kept.ByUser(ctx, a.Account.ID)
	return signin.Proven{PasswordVersion: c.Version}, err
}

// nobody receives no mail: everybody comes with a known device.
type nobody struct{}

func (nobody) Queue(mail.Message) (mail.Queued, error) { return mail.Queued{}, nil }
func (nobody) Wake()                                   {}

// entrance is the sign-in flow of a store, hash excluded.
type entrance struct {
	flow    *signin.Flow
	devices *device.Book
}

func newEntrance(ctx context.Context, st store.Store) (*entrance, error) {
	facts, err := st.Instance().Facts(ctx)
	if err != nil {
		return nil, err
	}
	masters, err := keyring.ParseMasters(master)
	if err != nil {
		return nil, err
	}
	keys, err := keyring.Load(ctx, st.Keys(), masters, time.Now)
	if err != nil {
		return nil, err
	}
	limits := ratelimit.Defaults()
	for i := range limits {
		limits[i].Every, limits[i].Burst = time.Microsecond, 1_000_000
	}
	rates, err := ratelimit.NewMemory(limits, 0, ratelimit.Monotonic(time.Now))
	if err != nil {
		return nil, err
	}
	book := device.NewBook(keys, facts.ID, facts.Epoch)
	record := func(ctx context.Context, ev audit.Event) error { return st.Audit().Append(ctx, ev) }
	return &entrance{devices: book, flow: signin.New(signin.Options{
		Instance: facts.ID, Now: time.Now, Log: quiet(), Read: st,
		InTx: func(ctx context.Context, fn func(signin.Tx) error) error {
			return st.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Methods: []signin.Method{hashless{st.Passwords()}}, Lockout: lockout.New(st.Lockouts(), record, time.Now),
		Rates: rates, Keys: keys, Devices: book, Mailer: nobody{},
	})}, nil
}

// device is the cookie of a browser that a knows.
func (e *entrance) device(a account) string { return e.devices.Write(e.devices.Read(""), a.user.ID) }

func (e *entrance) signIn(ctx context.Context, a account, device string) error {
	_, err := e.flow.SignIn(ctx, signin.Request{
		By: user.Anonymous(audit.Source{IP: "192.0.2.1", UserAgent: "bench"}), Identifier: a.email,
		Response: signin.Response{Password: secret.NewText(passphrase)}, Device: device,
	})
	return err
}
