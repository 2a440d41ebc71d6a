package authn

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

// ErrNone: the request carries no credential at all.
var ErrNone = problem.New(problem.Unauthenticated, "not_signed_in", "You are not signed in. Sign in and try again.")

// Sessions is what authn needs of session.Store.
type Sessions interface {
	ByDigest(ctx context.Context, d secret.Digest) (session.Session, error)
	Touch(ctx context.Context, uses []session.Seen) error
}

// Users is what authn needs of user.Store.
type Users interface {
	ByID(ctx context.Context, id user.ID) (user.User, error)
	Emails(ctx context.Context, id user.ID) ([]user.Email, error)
}

// Organizations is what authn needs of organization.Store.
type Organizations interface {
	Of(ctx context.Context, member user.ID) ([]organization.Membership, error)
}

// Roles is what authn needs of rbac.Store.
type Roles interface {
	ByName(ctx context.Context, name string) (rbac.Role, error)
}

// Freshness tells whether a cache may answer; see revocation.Follower.
type Freshness interface{ Fresh(now time.Time) bool }

// Options configure an Authenticator. All but CacheEntries and Ended are required.
type Options struct {
	Instance      [16]byte
	Sessions      Sessions
	Users         Users
	Organizations Organizations
	Roles         Roles
	Now           func() time.Time
	Log           *slog.Logger
	CacheEntries  int // default 50,000
	// Ended learns of a secret that was presented after its session ended; may be nil.
	Ended func(ctx context.Context, s session.Session)
	// Gates leads from the cookies of protected hosts to sessions; nil: there are none.
	Gates Gates
}

// Authenticator checks credentials. It is safe for concurrent use.
type Authenticator struct {
	o       Options
	cache   *cache
	fresh   Freshness
	checker *bearer.Checker // nil: no tokens are taken
	tokens  Tokens
	proofs  Proofs // nil: tokens bound to a key are not taken
	opaque  *opaque
	running atomic.Bool // Run flushes touches; otherwise each is written at once
	mu      sync.Mutex
	touched map[session.ID]time.Time

	hits, misses, uncertain atomic.Int64
}

// touchEvery coalesces last-seen writes (SE-7).
const touchEvery = time.Minute

// maxTouched bounds the uses waiting to be written; beyond it they are skipped,
// which at worst ends a session one touch early.
const maxTouched = 100_000

// New makes an Authenticator. Without Follow it never answers from its cache.
func New(o Options) *Authenticator {
	if o.CacheEntries == 0 {
		o.CacheEntries = 50_000
	}
	return &Authenticator{o: o, cache: newCache(o.CacheEntries), touched: make(map[session.ID]time.Time)}
}

// Cache is what a revocation.Follower and the store's commit hook keep true.
func (a *Authenticator) Cache() revocation.Cache { return a.cache }

// Follow makes f the freshness proof. Call it before the first check.
func (a *Authenticator) Follow(f Freshness) { a.fresh = f }

// Session returns who holds the session secret text. The Identity is shared and
// must not be changed. Anything that is not the secret of a live session is
// session.ErrEnded; a store that does not answer is session.ErrUncertain.
func (a *Authenticator) Session(ctx context.Context, text string) (*verify.Identity, error) {
	e, err := a.session(ctx, text)
	if err != nil {
		return nil, err
	}
	return &e.identity, nil
}

// Versioned is Session with the token version of the account (TH-3), as it was
// when the Identity was made: when it rises there is another Identity.
func (a *Authenticator) Versioned(ctx context.Context, text string) (who *verify.Identity, version int64, err error) {
	e, err := a.session(ctx, text)
	if err != nil {
		return nil, 0, err
	}
	return &e.identity, e.version, nil
}

func (a *Authenticator) session(ctx context.Context, text string) (*entry, error) {
	d, ok := secret.DigestOf(session.Purpose, a.o.Instance, text)
	if !ok {
		return nil, session.ErrEnded
	}
	now := a.o.Now()
	if e := a.warm(ctx, &d, now); e != nil {
		return e, nil
	}
	return a.read(ctx, d, now)
}

// warm answers from memory, while there is a freshness proof; else it is nil.
func (a *Authenticator) warm(ctx context.Context, d *secret.Digest, now time.Time) *entry {
	if a.fresh == nil || !a.fresh.Fresh(now) {
		return nil
	}
	e := a.cache.get(d)
	if e == nil || !e.usable(now) {
		return nil
	}
	a.hits.Add(1)
	a.touch(ctx, e, now)
	return e
}

// read asks the store and fills the cache.
func (a *Authenticator) read(ctx context.Context, d secret.Digest, now time.Time) (*entry, error) {
	a.misses.Add(1)
	mark := a.cache.begin()
	s, err := a.o.Sessions.ByDigest(ctx, d)
	if err != nil {
		return nil, a.refusal(err)
	}
	e, err := a.live(ctx, s, now)
	if err != nil {
		return nil, a.refusal(err)
	}
	a.touch(ctx, e, now)
	a.cache.put(mark, d, e)
	return e, nil
}

func entryOf(who verify.Identity, version int64, s session.Session) *entry {
	e := &entry{identity: who, version: version, session: s.ID, user: s.User, expires: s.ExpiresAt.UnixNano(), idle: int64(s.IdleTimeout)}
	e.seen.Store(s.LastSeenAt.UnixNano())
	return e
}

// live returns what is known about s, unless it is over.
func (a *Authenticator) live(ctx context.Context, s session.Session, now time.Time) (*entry, error) {
	if !s.Live(now) {
		if a.o.Ended != nil && !s.EndedAt.IsZero() {
			a.o.Ended(ctx, s)
		}
		return nil, session.ErrEnded
	}
	who, version, err := a.identify(ctx, s)
	if err != nil {
		return nil, err
	}
	return entryOf(who, version, s), nil
}

// refusal hides everything but "ended" and "cannot tell".
func (a *Authenticator) refusal(err error) error {
	if errors.Is(err, session.ErrEnded) || errors.Is(err, user.ErrUnknown) {
		return session.ErrEnded.Because(err)
	}
	a.uncertain.Add(1)
	return session.ErrUncertain.Because(err).After(2 * time.Second)
}

// identify reads the account before what hangs on it: a version read too early is
// at worst one that tokens are refused under.
func (a *Authenticator) identify(ctx context.Context, s session.Session) (who verify.Identity, version int64, err error) {
	u, err := a.o.Users.ByID(ctx, s.User)
	if err != nil {
		return who, 0, err
	}
	emails, err := a.o.Users.Emails(ctx, s.User)
	if err != nil {
		return who, 0, err
	}
	orgs, err := a.o.Organizations.Of(ctx, s.User)
	if err != nil {
		return who, 0, err
	}
	c := verify.Claims{
		Kind: verify.User, Subject: u.ID.String(), Name: u.Name, Locale: u.Locale, Roles: u.Roles,
		Session: s.ID.String(), Methods: s.Methods, Assurance: s.Assurance,
		AuthenticatedAt: s.AuthenticatedAt, ExpiresAt: s.ExpiresAt,
	}
	for _, e := range emails {
		if e.Primary {
			c.Email, c.EmailVerified = e.Address, e.Verified()
		}
	}
	for _, o := range orgs {
		c.Organizations = append(c.Organizations, verify.Organization{ID: o.Organization.String(), Slug: o.Slug, Roles: o.Roles})
	}
	c.Permissions, err = a.permissions(ctx, u.Roles)
	return verify.NewIdentity(c), u.TokenVersion, err
}

func (a *Authenticator) permissions(ctx context.Context, roles []string) ([]string, error) {
	var all []string
	for _, name := range roles {
		r, err := a.o.Roles.ByName(ctx, name)
		if errors.Is(err, rbac.ErrUnknown) {
			continue // deleted since the account was read; the entry is refused by put
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r.Permissions...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// Use notes that a session was used by something else than its secret, such as
// its tokens.
func (a *Authenticator) Use(ctx context.Context, id session.ID) {
	a.note(ctx, session.Seen{ID: id, At: a.o.Now().UTC().Truncate(time.Microsecond)})
}

// touch notes a use, at most once a minute for each session.
func (a *Authenticator) touch(ctx context.Context, e *entry, now time.Time) {
	last := e.seen.Load()
	n := now.UnixNano()
	if n-last < int64(touchEvery) || !e.seen.CompareAndSwap(last, n) {
		return
	}
	a.note(ctx, session.Seen{ID: e.session, At: now.UTC().Truncate(time.Microsecond)})
}

func (a *Authenticator) note(ctx context.Context, use session.Seen) {
	if !a.running.Load() {
		if err := a.o.Sessions.Touch(ctx, []session.Seen{use}); err != nil {
			a.o.Log.Warn("last use of a session was not recorded", "session", use.ID, "error", err)
		}
		return
	}
	a.mu.Lock()
	if len(a.touched) < maxTouched {
		a.touched[use.ID] = use.At
	}
	a.mu.Unlock()
}

// Run writes coalesced uses every few seconds until ctx ends, and a last time
// then.
func (a *Authenticator) Run(ctx context.Context) error {
	a.running.Store(true)
	defer a.running.Store(false)
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return a.Flush(last)
		case <-tick.C:
			if err := a.Flush(ctx); err != nil {
				a.o.Log.Warn("last uses of sessions were not recorded", "error", err)
			}
		}
	}
}

// Flush writes the uses noted so far.
func (a *Authenticator) Flush(ctx context.Context) error {
	const chunk = 500
	a.mu.Lock()
	uses := make([]session.Seen, 0, len(a.touched))
	for id, at := range a.touched {
		uses = append(uses, session.Seen{ID: id, At: at})
	}
	clear(a.touched)
	a.mu.Unlock()
	for part := range slices.Chunk(uses, chunk) {
		if err := a.o.Sessions.Touch(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// Stats are counters since the start.
type Stats struct{ Hits, Misses, Uncertain int64 }

// Stats returns the counters.
func (a *Authenticator) Stats() Stats {
	return Stats{a.hits.Load(), a.misses.Load(), a.uncertain.Load()}
}
