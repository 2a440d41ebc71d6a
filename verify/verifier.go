package verify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/feed"
)

// Verifier checks credentials for one service. It is safe for concurrent use.
type Verifier struct {
	*settings
	issuer string
	base   *url.URL

	background *background
	fetch      *fetcher
	tokens     *keyCache
	asker      *introspector
	live       *feed.Set
	checker    *bearer.Checker // with the live set
	alone      *bearer.Checker // without, for when it is too full
	proofs     *dpop.Checker
	follower   atomic.Pointer[follower] // nil: InsecureWithoutRevocation, or not located yet
	located    atomic.Bool
	lost       atomic.Pointer[error] // why not
}

// startWithin bounds what New waits for.
const startWithin = 10 * time.Second

// New makes a Verifier of tokens that issuer hands out for the Audience. The issuer
// is compared byte for byte; it must be https, or http on this machine.
//
// New fetches metadata, keys and a first snapshot, and starts following, until
// Close. What is wrong for good is an error: ErrOption, ErrNoAudience, ErrNoFeed,
// ErrMetadata. An issuer that does not answer is not: New then returns after ten
// seconds at most, or when ctx ends, requests are answered 503, and Health says why
// until the issuer is back.
func New(ctx context.Context, issuer string, opts ...Option) (*Verifier, error) {
	v, err := build(issuer, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := v.begin(ctx); lasting(err) {
		v.background.stop()
		return nil, err
	} else if err != nil {
		v.log.Warn("verify: the issuer does not answer; requests get 503 until it does", "issuer", issuer, "error", err)
	}
	v.background.start(v.run)
	return v, nil
}

// build checks the options and makes a Verifier that asks nobody yet.
func build(issuer string, opts []Option) (*Verifier, error) {
	s, err := newSettings(opts)
	base, bad := issuerURL(issuer)
	if err := errors.Join(err, bad); err != nil {
		return nil, err
	}
	v := &Verifier{settings: s, issuer: issuer, base: base, background: newBackground(), fetch: newFetcher(s.client)}
	v.tokens = newKeyCache("tokens", s, v.fetch, v.background)
	v.asker = newIntrospector(s, v.fetch, v.background)
	if s.id == "" && !s.withoutRevocation {
		return nil, fmt.Errorf("%w: there are no Credentials", ErrNoFeed)
	}
	v.live = feed.NewSet(maxLive)
	v.proofs = newProofs(s)
	v.checker, err = newChecker(s, issuer, v.tokens, v.live)
	v.alone, bad = newChecker(s, issuer, v.tokens, feed.NewSet(0))
	return v, errors.Join(err, bad)
}

func lasting(err error) bool { return errors.Is(err, ErrMetadata) || errors.Is(err, ErrNoFeed) }

// begin does once, in order, what run then keeps doing.
func (v *Verifier) begin(ctx context.Context) error {
	if err := v.locate(ctx); err != nil {
		return err
	}
	if _, err := v.tokens.refresh(ctx, false); err != nil {
		return fmt.Errorf("keys of tokens: %w", err)
	}
	f := v.follower.Load()
	if f == nil {
		return nil
	}
	err := f.step(ctx)
	if errors.Is(err, errAgain) {
		err = f.step(ctx)
	}
	return err
}

// locate learns where the issuer keeps what we need. Not safe for concurrent use.
func (v *Verifier) locate(ctx context.Context) error {
	e, err := v.addresses(ctx)
	if err != nil {
		v.lost.Store(&err)
		return err
	}
	v.tokens.at(e.JWKS)
	v.asker.at(e.Introspection)
	if !v.withoutRevocation {
		v.follower.Store(v.newFollower(e))
	}
	v.located.Store(true)
	return nil
}

func (v *Verifier) addresses(ctx context.Context) (e Endpoints, err error) {
	if v.endpoints != nil {
		e = *v.endpoints
	} else if e, err = discover(ctx, v.fetch, v.issuer, v.base); err != nil {
		return e, err
	}
	if err := checkEndpoints(e, v.base); err != nil {
		return e, err
	}
	if e.Revocations == "" && !v.withoutRevocation {
		return e, fmt.Errorf("%w: the issuer tells of none", ErrNoFeed)
	}
	return e, nil
}

func (v *Verifier) newFollower(e Endpoints) *follower {
	own := newKeyCache("revocation feed", v.settings, v.fetch, v.background)
	own.at(e.RevocationKeys)
	return &follower{
		leeway: v.leeway, staleness: v.staleness, now: v.now, log: v.log, own: own, tokens: v.tokens,
		poll: &poller{fetch: v.fetch, address: e.Revocations, audience: v.audience, id: v.id, secret: v.secret},
		live: v.live, checker: v.checker,
		chain: feed.Chain{Issuer: v.issuer, Audience: v.audience},
	}
}

func (v *Verifier) run(ctx context.Context) {
	for !v.located.Load() {
		if err := v.locate(ctx); err != nil && !pause(ctx, jitter(retryMost)) {
			return
		}
	}
	v.background.start(v.tokens.run)
	if f := v.follower.Load(); f != nil {
		v.background.start(f.own.run)
		f.run(ctx)
	}
}

// Close stops following and waits until that is over. A closed Verifier answers
// 503 once its proof is too old.
func (v *Verifier) Close() error {
	v.background.stop()
	v.fetch.client.CloseIdleConnections()
	return nil
}
