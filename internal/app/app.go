package app

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/authcode"
	"github.com/mortise-auth/mortise/internal/authn"
	"github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/clock"
	"github.com/mortise-auth/mortise/internal/decision"
	"github.com/mortise-auth/mortise/internal/device"
	"github.com/mortise-auth/mortise/internal/directory"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/enroll"
	"github.com/mortise-auth/mortise/internal/factor"
	"github.com/mortise-auth/mortise/internal/federate"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/idhint"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/lockout"
	"github.com/mortise-auth/mortise/internal/logo"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/oauth"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/registry"
	"github.com/mortise-auth/mortise/internal/rescue"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/setup"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	webgateway "github.com/mortise-auth/mortise/internal/web/gateway"
)

// App is one running Mortise. It is safe for concurrent use.
type App struct {
	c        checked
	store    store.Store
	facts    instance.Facts
	start    time.Time
	keys     *keyring.Keyring
	rates    ratelimit.Store
	egress   *egress.Client
	suspect  *sampler
	gate     *password.Gate
	hasher   *password.Hasher
	policy   *password.Policy
	outbox   *mail.Outbox
	worker   *mail.Worker
	mailbox  *mail.Mailbox // development only
	guard    *clock.Guard
	devices  *device.Book
	follower *revocation.Follower
	sites    *site.Book
	gateway  *webgateway.Handler
	told     *told
	ended    *ended
	live     *revocation.Live
	proofs   *dpop.Checker
	feed     *publish.Publisher
	logos    *logo.Book

	// Development only: who may be entered as, and the code that lets a browser.
	entry     string
	people    []DevPerson
	passwords map[string]secret.Text

	Auth      *authn.Authenticator
	Registry  *registry.Registry
	SignIn    *signin.Flow
	Account   *account.Flow
	Factors   *factor.Flow
	Rescue    *rescue.Flow
	Passkeys  *passkey.Ceremonies
	Federate  *federate.Flow
	Directory *directory.Flow
	Enroll    *enroll.Flow
	Signing   *signing.Ring
	Setup     *setup.Flow
	Decisions *decision.Recorder
	Grants    *token.Grants
	OAuth     *oauth.Flow
	Codes     *authcode.Codes
	Authorize *authorize.Flow
	Frame     *web.Frame

	Logouts    *logout.Worker
	Hints      *idhint.Reader // ID tokens that come back
	EndSession *endsession.Flow

	handler  http.Handler
	metadata http.Handler
	resource map[string]http.Handler // RFC 9728 documents, by path
	host     http.Handler
	durable  atomic.Pointer[durable]
	known    struct{ setupDone, running atomic.Bool }
}

// New checks the whole configuration, reports everything that is missing at
// once, and wires one instance on st. It starts nothing: see Run.
func New(ctx context.Context, cfg Config, st store.Store) (*App, error) {
	c, err := cfg.check()
	if err != nil {
		return nil, err
	}
	a := &App{c: c, store: st, start: c.Now().UTC().Truncate(time.Second)}
	a.suspect = newSampler(st.Audit(), c.Now)
	for _, step := range []func(context.Context) error{a.openStore, a.openKeys, a.wirePasswords, a.wirePasskeys, a.wireMail, a.wireSessions, a.wireSigning, a.wireProofs, a.wireTokens, a.wireAuthorize, a.wireRegistration, a.wireLogout, a.wireFlows, a.wireFederation, a.wireWeb} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, a.started(ctx)
}

// openStore settles what kind of store this is: one that served development is
// never used for anything else (TH-29).
func (a *App) openStore(ctx context.Context) (err error) {
	if a.c.Dev {
		if err := a.store.Instance().MarkDev(ctx); err != nil {
			return err
		}
	}
	if a.facts, err = a.store.Instance().Facts(ctx); err != nil {
		return err
	}
	if a.facts.Dev && !a.c.Dev {
		return instance.ErrDevStore
	}
	return nil
}

func (a *App) openKeys(ctx context.Context) (err error) {
	if a.c.masters.Current == nil {
		if a.c.masters, err = a.throwAway(ctx); err != nil {
			return err
		}
	}
	a.keys, err = keyring.Load(ctx, a.store.Keys(), a.c.masters, a.c.Now)
	return err
}

// throwAway is the master key of a development store. It is kept beside what it
// seals, so that the store can be opened again; nothing else may use that store.
func (a *App) throwAway(ctx context.Context) (keyring.Masters, error) {
	kept, err := a.store.Instance().PutSetting(ctx, "dev.master", keyring.NewMaster().Reveal(), true)
	if err != nil {
		return keyring.Masters{}, err
	}
	return keyring.ParseMasters(kept)
}

func (a *App) wireSessions(context.Context) error {
	limits, err := a.limits()
	if err != nil {
		return err
	}
	a.rates = watched{limits, a}
	a.Decisions = decision.New(a.store.Decisions(), a.c.Now, func(ctx context.Context, source string) bool {
		d, err := limits.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.WhySource, Of: ratelimit.SourceOf(source)}))
		return err == nil && d.Allowed
	})
	a.devices = device.NewBook(a.keys, a.facts.ID, a.facts.Epoch)
	a.Auth = authn.New(authn.Options{
		Instance: a.facts.ID, Sessions: a.store.Sessions(), Users: a.store.Users(),
		Organizations: a.store.Organizations(), Roles: a.store.Roles(), Now: a.c.Now, Log: a.c.Log, Ended: a.usedAfterEnd,
		Gates: a.store.Tickets(),
	})
	a.follow()
	a.guard = clock.NewGuard(a.c.Now, a.c.Monotonic, a.clockJumped)
	return nil
}

// limits counts in this process, or together with the other replicas.
func (a *App) limits() (ratelimit.Store, error) {
	if a.c.Shared == nil {
		return ratelimit.NewMemory(a.c.Limits, a.c.LimitKeys, ratelimit.Monotonic(a.c.Now))
	}
	return a.c.Shared.Limits(ratelimit.SharedOptions{
		Instance: hex.EncodeToString(a.facts.ID[:]), Self: secret.New("replica").Reveal(), Key: a.keys.MAC("limits"),
		Limits: a.c.Limits, Keys: a.c.LimitKeys, Now: a.c.Now, Log: a.c.Log,
	})
}

func (a *App) wireFlows(context.Context) error {
	a.SignIn = a.signInFlow(signin.NewPassword(a.hasher, a.store.Passwords(), a.c.Now, a.c.Log))
	a.Setup = setup.New(setup.Options{
		Instance: a.facts.ID, Now: a.c.Now, Read: a.store,
		InTx: func(ctx context.Context, fn func(setup.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Hasher: a.hasher, Policy: a.policy, Rates: a.rates, Keys: a.keys, Passkeys: a.Passkeys,
	})
	a.Account = a.accountFlow(a.SignIn)
	a.Factors = factor.New(factor.Options{
		Now: a.c.Now, Read: a.store,
		InTx: func(ctx context.Context, fn func(factor.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Confirmer: factorConfirmer{confirmer{a.SignIn}}, Rates: a.rates, Keys: a.keys, Mailer: a.outbox, Issuer: a.c.Brand, Phones: a.factorPhones(),
	})
	a.Rescue = a.rescueFlow()
	a.Directory = directory.New(directory.Options{
		Instance: a.facts.ID, Now: a.c.Now, Read: a.store,
		InTx: func(ctx context.Context, fn func(directory.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Hasher: a.hasher, Policy: a.policy, Keys: a.keys, Mailer: a.outbox, Grants: a.Grants, Link: a.link, Addresses: client.Addresses{Dev: a.c.Dev}, Documents: documents{a.egress, documentTime},
		Signing: a.Signing, Masters: a.keys, Resolver: a.c.resolver(),
		Trial: func(c federation.Connection) (string, time.Time) { return a.Federate.TestTicket(c) },
	})
	return nil
}

func (a *App) accountFlow(proofs *signin.Flow) *account.Flow {
	return account.New(account.Options{
		Instance: a.facts.ID, Now: a.c.Now, Log: a.c.Log, Read: a.store,
		InTx: func(ctx context.Context, fn func(account.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Confirmer: confirmer{proofs}, Hasher: a.hasher, Policy: a.policy, Rates: a.rates,
		Keys: a.keys, Passkeys: a.Passkeys, Mailer: a.outbox, Grants: a.Grants, NoSignUp: a.c.NoSignUp, Ready: a.ready,
		Owned: func(ctx context.Context, of user.ID) (map[string]string, error) { return a.Federate.Owned(ctx, of) },
	})
}

func (a *App) signInFlow(method signin.Method) *signin.Flow {
	record := func(ctx context.Context, ev audit.Event) error { return a.store.Audit().Append(ctx, ev) }
	passkeys := signin.NewPasskey(a.Passkeys)
	return signin.New(signin.Options{
		Instance: a.facts.ID, Now: a.c.Now, Log: a.c.Log, Read: a.store,
		InTx: func(ctx context.Context, fn func(signin.Tx) error) error {
			return a.store.InTx(ctx, func(s store.Set) error { return fn(s) })
		},
		Methods: append(a.firstMethods(method, passkeys), signin.NewFederated(a.c.Now)),
		Seconds: []signin.Second{
			passkeys,
			signin.NewOTP(a.keys, a.store.TOTP(), a.c.Now),
			signin.NewPhone(proof.Mint{Instance: a.facts.ID, Keys: a.keys}, a.store.Proofs(), a.c.Now),
			signin.NewRecovery(a.keys, a.store.Recovery(), a.outbox, a.c.Now),
		},
		Enrolls: []signin.Enroller{signin.NewEnrolPasskey(a.Passkeys), signin.NewEnrolOTP(a.keys, a.c.Brand, a.c.Now)},
		Lockout: lockout.New(a.store.Lockouts(), record, a.c.Now), Rates: a.rates,
		Keys: a.keys, Devices: a.devices, Mailer: a.outbox, Limits: a.c.Sessions, Phones: a.signInPhones(),
		Observe: a.c.Observers.SignIn,
	})
}

// firstMethods begin a sign-in. The mail's is there when the operator wants it.
func (a *App) firstMethods(always ...signin.Method) []signin.Method {
	if !a.c.EmailCodes {
		return always
	}
	return append(always, signin.NewMailCode(proof.Mint{Instance: a.facts.ID, Keys: a.keys}, a.store.Proofs(), a.rates, a.c.Now))
}

// confirmer lets the account flow ask the sign-in pipeline for a proof.
type confirmer struct{ flow *signin.Flow }

func (c confirmer) Confirm(ctx context.Context, by user.Caller, p account.Proof) (int64, error) {
	proven, err := c.flow.Confirm(ctx, by, responseOf(by, p))
	return proven.PasswordVersion, err
}

func (c confirmer) ConfirmFully(ctx context.Context, by user.Caller, p account.Proof) (int64, error) {
	proven, err := c.flow.ConfirmFully(ctx, by, responseOf(by, p))
	return proven.PasswordVersion, err
}

func (c confirmer) Asks(ctx context.Context, owner user.ID) (bool, error) {
	return c.flow.Asks(ctx, owner)
}

// factorConfirmer does it for the flow of the factors.
type factorConfirmer struct{ confirmer }

func (c factorConfirmer) ConfirmFully(ctx context.Context, by user.Caller, p factor.Proof) (int64, error) {
	return c.confirmer.ConfirmFully(ctx, by, account.Proof(p))
}

func responseOf(by user.Caller, p account.Proof) signin.Response {
	r := signin.Response{Password: p.Password, Federated: p.Federated}
	r.OTP, r.Recovery = signin.Typed(p.Code)
	if p.Passkey != nil {
		r.Passkey = &signin.Passkey{Purpose: passkey.Confirm, Bound: account.ConfirmBound(by), Credential: p.Passkey}
	}
	return r
}

// link is the absolute form of one of our paths.
func (a *App) link(path string) string { return strings.TrimRight(a.c.url.String(), "/") + path }

// ready reports whether setup is over. Once it is, it stays so.
func (a *App) ready(ctx context.Context) (bool, error) {
	if a.c.Dev || a.known.setupDone.Load() {
		return true, nil
	}
	needed, err := a.Setup.Needed(ctx)
	if err == nil && !needed {
		a.known.setupDone.Store(true)
	}
	return !needed, err
}

func (a *App) started(ctx context.Context) error {
	ev := audit.New(instance.Started, a.now(), audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "").
		With("version", a.c.Version).With("engine", a.store.Engine())
	return a.store.Audit().Append(ctx, ev)
}

func (a *App) now() time.Time { return a.c.Now().UTC().Truncate(time.Microsecond) }

func (a *App) clockJumped(e clock.Event) {
	a.c.Log.Warn("the clock jumped; waiting periods and sweeps pause until the clocks agree", "by", e.By, "than", e.Than, "steady", e.Steady)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ev := audit.New(instance.ClockJump, a.now(), audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "").
		With("by", e.By.String()).With("than", e.Than)
	if err := a.store.Audit().Append(ctx, ev); err != nil {
		a.c.Log.Warn("the clock's jump was not recorded", "error", err)
	}
}

// Handler serves every page and endpoint below the path of the public URL.
func (a *App) Handler() http.Handler { return a.handler }

// HostHandler serves the same to whoever holds the data folder (TH-25).
func (a *App) HostHandler() http.Handler { return a.host }

// Mailbox is where the mail of a development instance lands; nil otherwise.
func (a *App) Mailbox() *mail.Mailbox { return a.mailbox }

// URL is the public address.
func (a *App) URL() *url.URL { return a.c.url }

// Clock is what time it is.
func (a *App) Clock() func() time.Time { return a.c.Now }

// Store is what the instance is wired on.
func (a *App) Store() store.Store { return a.store }

// Keys seals and opens what the store keeps sealed.
func (a *App) Keys() *keyring.Keyring { return a.keys }
