package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// backend is the server this command line is built with.
type backend struct{}

// wire returns the backend of this build.
func wire() Backend { return backend{} }

func openStore(ctx context.Context, s settings.Settings, manual bool) (store.Store, error) {
	if !s.Database.URL.IsZero() {
		return postgres.Open(ctx, s.Database.URL.Reveal(), postgres.Options{Manual: manual})
	}
	return sqlite.Open(ctx, s.Data, sqlite.Options{Manual: manual})
}

// config turns settings into what the server is told.
func config(s settings.Settings, log *slog.Logger) app.Config {
	perUser := s.Session.Max
	if perUser == 0 {
		perUser = -1 // no limit
	}
	return app.Config{
		URL: s.URL, SecretKey: s.SecretKey.Reveal(), Brand: s.Brand.Name, Log: log, Version: version,
		TrustedProxy: s.TrustedProxies, EgressAllow: s.Egress.Allow, SMTP: s.SMTP.URL.Reveal(), MailFrom: s.Mail.From,
		NoSignUp: !s.Signup.Enabled, InsecurePlain: s.HTTP.InsecurePlain,
		Sessions:  signin.Limits{Idle: s.Session.Idle, Absolute: s.Session.Absolute, PerUser: perUser},
		Passwords: passwords(s.Password),
		Passkeys: app.Passkeys{
			RPID: s.Passkeys.RPID, Related: s.Passkeys.RelatedOrigins, Allow: s.Passkeys.Allow, Deny: s.Passkeys.Deny,
			RootsFile: s.Passkeys.RootsFile, Metadata: s.Passkeys.MetadataFile, Signer: s.Passkeys.MetadataRootFile, Strict: s.Passkeys.StrictCounter,
		},
		EmailCodes: s.SignIn.EmailCode,
		Phones: app.Phones{
			Driver: driver(s.Phone.Driver), URL: s.Phone.URL, Account: s.Phone.Account, Token: s.Phone.Token.Reveal(), From: s.Phone.From, Voice: s.Phone.Voice,
			Prefixes: s.Phone.Prefixes, PerNumber: int64(s.Phone.PerNumber), PerRange: int64(s.Phone.PerRange), PerCountry: int64(s.Phone.PerCountry),
			Spend: int64(s.Phone.DailySpend), Price: int64(s.Phone.Price), Prices: s.Phone.Prices,
		},
		Registration: app.Registration{
			Mode: enroll.Mode(s.Registration.Mode), Unused: s.Registration.Unused, Documents: s.Registration.Documents, Hosts: s.Registration.DocumentHosts,
			Policy: registration.Policy{
				Scopes: s.Registration.Scopes, Resources: s.Registration.Resources, Grants: s.Registration.GrantTypes, AuthMethods: s.Registration.AuthMethods,
				RedirectHosts: s.Registration.RedirectHosts, WithoutPKCE: s.Registration.WithoutPKCE, AssertionAudiences: s.Registration.AssertionAudiences,
			},
		},
		Retention: app.Retention{Sessions: s.Retention.Sessions, Mail: s.Retention.Mail},
	}
}

func driver(name string) string {
	if name == "off" {
		return ""
	}
	return name
}

func passwords(p settings.Password) app.Passwords {
	return app.Passwords{
		MinLength: p.MinLength, Words: p.ContextWords, CorpusFile: p.CorpusFile, HIBP: p.HIBP,
		Memory: int64(p.MemoryMiB) << 20,
	}
}

func logger(s settings.Settings, run Run) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.Log.Level)); err != nil {
		level = slog.LevelInfo // the settings are validated
	}
	o := &slog.HandlerOptions{Level: level}
	if run.JSON {
		return slog.New(slog.NewJSONHandler(run.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(run.Stderr, o))
}

// Open implements Backend.
func (backend) Open(ctx context.Context, s settings.Settings) (http.Handler, io.Closer, error) {
	st, err := openStore(ctx, s, false)
	if err != nil {
		return nil, nil, err
	}
	a, err := app.New(ctx, config(s, slog.New(slog.DiscardHandler)), st)
	if err != nil {
		return nil, nil, errors.Join(err, st.Close())
	}
	return a.HostHandler(), st, nil // mail it queues is sent by the next server
}

// Schema implements Backend.
func (backend) Schema(ctx context.Context, s settings.Settings) (Schema, error) {
	out := Schema{Engine: "sqlite"}
	var err error
	if s.Database.URL.IsZero() {
		out.Current, out.Latest, _, err = sqlite.Status(ctx, s.Data)
	} else {
		out.Engine = "postgres"
		out.Current, out.Latest, _, err = postgres.Status(ctx, s.Database.URL.Reveal(), postgres.Options{})
	}
	out.Pending = int(max(0, out.Latest-out.Current))
	return out, err
}

// Migrate implements Backend.
func (b backend) Migrate(ctx context.Context, s settings.Settings) (Schema, error) {
	st, err := openStore(ctx, s, false)
	if err != nil {
		return Schema{}, err
	}
	if err := st.Close(); err != nil {
		return Schema{}, err
	}
	return b.Schema(ctx, s)
}

// Migrations implements Backend.
func (backend) Migrations(ctx context.Context, s settings.Settings) ([]Migration, error) {
	status := func() (int64, int64, string, error) { return sqlite.Status(ctx, s.Data) }
	if !s.Database.URL.IsZero() {
		status = func() (int64, int64, string, error) {
			return postgres.Status(ctx, s.Database.URL.Reveal(), postgres.Options{})
		}
	}
	_, want, pending, err := status()
	if err != nil || pending == "" {
		return nil, err
	}
	return []Migration{{Version: want, Name: "pending", SQL: pending}}, nil
}

// BuildCorpus implements Backend.
func (backend) BuildCorpus(ctx context.Context, r io.Reader, w io.Writer) (int64, error) {
	n, err := password.BuildCorpus(ctx, r, w)
	return n, err
}

// since rounds a duration for people.
func since(start time.Time) time.Duration { return time.Since(start).Round(time.Millisecond) }

// hint explains errors of opening that a person at the shell can mend.
func hint(err error) error {
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%w; the running server answers commands through its socket", err)
	}
	return err
}
