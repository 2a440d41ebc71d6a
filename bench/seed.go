package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// passphrase is everybody's password.
const passphrase = "correct horse battery staple"

// master is the key of every store made here.
var master = keyring.NewMaster().Reveal()

// account is somebody who can sign in.
type account struct {
	user    user.User
	email   string
	session session.ID
	secret  string // of the live session
}

// cookie is what a browser of the account sends over plain http.
func (a account) cookie() string { return "mortise=" + a.secret }

func event(n audit.Name, u user.ID) audit.Event {
	return user.System().Event(n, now(), u)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// quiet is a log that is formatted, as in a real server, and thrown away.
func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(nowhere{}, nil)) }

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func wiring(url string) app.Config {
	return app.Config{URL: url, SecretKey: master, TrustedProxy: []string{"127.0.0.1"}, Log: quiet()}
}

// populate makes n accounts, each with the same password and one live session.
// The password is hashed once: what a hash costs is measured elsewhere.
func populate(ctx context.Context, st store.Store, n int) ([]account, error) {
	a, err := app.New(ctx, wiring("http://localhost"), st)
	if err != nil {
		return nil, err
	}
	return settlers(ctx, a, st, n)
}

// settlers are n accounts of a server.
func settlers(ctx context.Context, a *app.App, st store.Store, n int) ([]account, error) {
	facts, err := st.Instance().Facts(ctx)
	if err != nil {
		return nil, err
	}
	first, err := a.Directory.CreateUser(ctx, user.Host(), directory.NewUser{
		Name: "Ada", Email: "first@example.test", EmailVerified: true, Password: secret.NewText(passphrase),
	})
	if err != nil {
		return nil, err
	}
	kept, err := st.Passwords().ByUser(ctx, first.ID)
	if err != nil {
		return nil, err
	}
	people := make([]account, n)
	gate := make(chan struct{}, 64)
	errs := make(chan error, n)
	for i := range people {
		gate <- struct{}{}
		go func() {
			var err error
			people[i], err = person(ctx, st, facts.ID, kept.Hash, i)
			errs <- err
			<-gate
		}()
	}
	for range people {
		err = errors.Join(err, <-errs)
	}
	return people, err
}

func person(ctx context.Context, st store.Store, instance [16]byte, hash password.Hash, i int) (account, error) {
	t := now()
	a := account{email: fmt.Sprintf("person-%d@example.test", i)}
	a.user = user.User{ID: user.NewID(t), Name: "Ada", State: user.Active, Version: 1, Revision: 1, CreatedAt: t, UpdatedAt: t}
	token, s := birth(a.user, instance)
	a.session, a.secret = s.ID, token.Reveal()
	return a, st.InTx(ctx, func(tx store.Set) error {
		email := user.Email{User: a.user.ID, Address: a.email, Key: a.email, VerifiedAt: t, Primary: true, CreatedAt: t}
		if err := tx.Users().Create(ctx, a.user, []user.Email{email}, event(user.Created, a.user.ID)); err != nil {
			return err
		}
		err := tx.Passwords().Set(ctx, password.Credential{User: a.user.ID, Version: 1, Hash: hash, ChangedAt: t}, event(user.Updated, a.user.ID))
		if err != nil {
			return err
		}
		_, err = tx.Sessions().Insert(ctx, s, 1, 0, event(signin.Succeeded, a.user.ID))
		return err
	})
}

// birth is a new session of u, not yet kept.
func birth(u user.User, instance [16]byte) (secret.Token, session.Session) {
	const day = 24 * time.Hour
	t := now()
	token := secret.NewAt(session.Purpose, t)
	return token, session.Session{
		ID: session.NewID(t), User: u.ID, Digest: token.Digest(instance), UserVersion: u.Version,
		Methods: []string{"pwd"}, Assurance: 1, AuthenticatedAt: t, CreatedAt: t, LastSeenAt: t,
		IdleTimeout: 7 * day, ExpiresAt: t.Add(30 * day), IP: "192.0.2.1", UserAgent: "bench",
	}
}
