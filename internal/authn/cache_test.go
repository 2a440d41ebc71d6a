package authn

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

var start = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// shelf is a store of sessions whose reads a test may hold up.
type shelf struct {
	lock         sync.Mutex
	byDigest     map[secret.Digest]session.Session
	written      []session.Seen
	down         error
	reads        atomic.Int64
	tokenVersion atomic.Int64 // of every account
	during       func()       // after a row was read, before it is handed over
}

func (s *shelf) ByDigest(_ context.Context, d secret.Digest) (session.Session, error) {
	s.reads.Add(1)
	s.lock.Lock()
	found, ok := s.byDigest[d]
	down, during := s.down, s.during
	s.lock.Unlock()
	if during != nil {
		during()
	}
	if down != nil {
		return session.Session{}, down
	}
	if !ok {
		return session.Session{}, session.ErrEnded
	}
	return found, nil
}

func (s *shelf) Touch(_ context.Context, uses []session.Seen) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.written = append(s.written, uses...)
	return s.down
}

func (s *shelf) ByID(_ context.Context, id user.ID) (user.User, error) {
	return user.User{ID: id, State: user.Active, Version: 1, TokenVersion: s.tokenVersion.Load(), Roles: []string{"editor"}}, nil
}

func (s *shelf) Emails(context.Context, user.ID) ([]user.Email, error) { return nil, nil }

func (s *shelf) Of(context.Context, user.ID) ([]organization.Membership, error) { return nil, nil }

func (s *shelf) ByName(context.Context, string) (rbac.Role, error) {
	return rbac.Role{Permissions: []string{"posts:write"}}, nil
}

// end is the act of ending a session as an engine does it: the row first, and the
// word to the cache before the act returns.
func (s *shelf) end(a *Authenticator, d secret.Digest, entries ...revocation.Entry) {
	s.lock.Lock()
	delete(s.byDigest, d)
	s.lock.Unlock()
	a.Cache().Apply(entries)
}

// always is a freshness proof that holds while it is true.
type always struct{ atomic.Bool }

func (f *always) Fresh(time.Time) bool { return f.Load() }

type rig struct {
	*Authenticator
	*shelf
	proof *always
	now   atomic.Pointer[time.Time]
}

func newRig(tb testing.TB) *rig {
	tb.Helper()
	r := &rig{shelf: &shelf{byDigest: map[secret.Digest]session.Session{}}, proof: &always{}}
	r.set(start)
	r.proof.Store(true)
	r.Authenticator = New(Options{
		Sessions: r.shelf, Users: r.shelf, Organizations: r.shelf, Roles: r.shelf,
		Now: func() time.Time { return *r.now.Load() }, Log: slog.New(slog.DiscardHandler),
	})
	r.Follow(r.proof)
	return r
}

func (r *rig) set(now time.Time) { r.now.Store(&now) }

// born puts a session on the shelf.
func (r *rig) born() (secret.Token, session.Session) {
	token := secret.New(session.Purpose)
	s := session.Session{
		ID: session.NewID(start), User: user.NewID(start), Digest: token.Digest([16]byte{}),
		AuthenticatedAt: start, CreatedAt: start, LastSeenAt: start,
		IdleTimeout: time.Hour, ExpiresAt: start.Add(24 * time.Hour),
	}
	r.lock.Lock()
	r.byDigest[s.Digest] = s
	r.lock.Unlock()
	return token, s
}

func sessionEnded(s session.Session) revocation.Entry {
	return revocation.Entry{Kind: revocation.Session, Value: s.ID}
}

// TH-10: a barrier between read and insert; whatever names the session, its
// account or everything in between keeps the fill out of the cache.
func TestFillAfterTheEvent(t *testing.T) {
	acts := map[string]func(session.Session) []revocation.Entry{
		"session": func(s session.Session) []revocation.Entry { return []revocation.Entry{sessionEnded(s)} },
		"account": func(s session.Session) []revocation.Entry {
			return []revocation.Entry{{Kind: revocation.Subject, Value: s.User, Version: 2}}
		},
		"read again": func(s session.Session) []revocation.Entry {
			return []revocation.Entry{{Kind: revocation.Refresh, Value: s.User}}
		},
		"everything": func(session.Session) []revocation.Entry { return []revocation.Entry{{Kind: revocation.Instance}} },
		"among more than are remembered": func(s session.Session) []revocation.Entry {
			others := make([]revocation.Entry, memory+1)
			for i := range others {
				others[i] = revocation.Entry{Kind: revocation.Session, Value: session.NewID(start)}
			}
			return append([]revocation.Entry{sessionEnded(s)}, others...)
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			token, s := r.born()
			read, resume := make(chan struct{}), make(chan struct{})
			r.during = func() { close(read); <-resume }
			got := make(chan error, 1)
			go func() {
				_, err := r.Session(context.Background(), token.Reveal())
				got <- err
			}()
			<-read
			r.lock.Lock()
			r.during = nil
			r.lock.Unlock()
			r.end(r.Authenticator, s.Digest, act(s)...)
			close(resume)
			<-got // it was asked before the act and may say either
			if _, err := r.Session(t.Context(), token.Reveal()); !errors.Is(err, session.ErrEnded) {
				t.Errorf("the next check: %v, want ErrEnded", err)
			}
		})
	}
}

// A fill that nothing overtook stays, and what happens to others does not touch it.
func TestFillBesideOtherEvents(t *testing.T) {
	r := newRig(t)
	token, _ := r.born()
	other, o := r.born()
	for _, text := range []string{token.Reveal(), other.Reveal()} {
		if _, err := r.Session(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	r.end(r.Authenticator, o.Digest, sessionEnded(o))
	before := r.reads.Load()
	if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
		t.Error(err)
	}
	if r.reads.Load() != before {
		t.Error("another session's end emptied this one's entry")
	}
	if _, err := r.Session(t.Context(), other.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("the ended one: %v", err)
	}
}

// TH-10: fills and ends race over many sessions; once an end has returned, its
// session is refused. Run with -race.
func TestEndsRaceFills(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for range 200 {
		token, s := r.born()
		stop := make(chan struct{})
		for range 3 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_, _ = r.Session(context.Background(), token.Reveal())
					}
				}
			})
		}
		wg.Go(func() {
			defer close(stop)
			r.end(r.Authenticator, s.Digest, sessionEnded(s))
			for range 20 {
				if _, err := r.Session(context.Background(), token.Reveal()); !errors.Is(err, session.ErrEnded) {
					t.Errorf("after its end: %v", err)
				}
			}
		})
		wg.Wait()
	}
}

// TH-11 SE-5: no proof, no answer from memory: the store is read for each check,
// and one that does not answer is 503, never a yes.
func TestNoProof(t *testing.T) {
	for name, unproven := range map[string]func(*rig){
		"never followed": func(r *rig) { r.fresh = nil },
		"proof ran out":  func(r *rig) { r.proof.Store(false) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			token, _ := r.born()
			if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
				t.Fatal(err)
			}
			unproven(r)
			before := r.reads.Load()
			for range 3 {
				if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
					t.Fatal(err)
				}
			}
			if n := r.reads.Load() - before; n != 3 {
				t.Errorf("%d reads for 3 checks", n)
			}
			r.down = errors.New("black hole")
			_, err := r.Session(t.Context(), token.Reveal())
			if !errors.Is(err, session.ErrUncertain) || problem.Of(err).Kind.Status() != 503 || problem.Of(err).RetryAfter == 0 {
				t.Errorf("store away: %v, want 503 with Retry-After", err)
			}
		})
	}
}

// TH-3: the version that tokens carry comes with the Identity, and a loss of
// authority gives another Identity with another version.
func TestVersioned(t *testing.T) {
	r := newRig(t)
	token, s := r.born()
	r.tokenVersion.Store(3)
	who, version, err := r.Versioned(t.Context(), token.Reveal())
	if err != nil || version != 3 {
		t.Fatal(version, err)
	}
	r.tokenVersion.Store(4)
	if same, version, _ := r.Versioned(t.Context(), token.Reveal()); same != who || version != 3 {
		t.Errorf("warm: %d, the same: %v", version, same == who)
	}
	r.Cache().Apply([]revocation.Entry{{Kind: revocation.Refresh, Value: s.User, Version: 4}})
	if other, version, err := r.Versioned(t.Context(), token.Reveal()); other == who || version != 4 || err != nil {
		t.Errorf("after the loss: %d, the same: %v, %v", version, other == who, err)
	}
	if _, _, err := r.Versioned(t.Context(), "nonsense"); !errors.Is(err, session.ErrEnded) {
		t.Error(err)
	}
}

// What ends tokens only leaves sessions alone; what this version does not know
// empties the cache.
func TestKindsOfTokens(t *testing.T) {
	for kind, stays := range map[revocation.Kind]bool{
		revocation.Grant: true, revocation.Client: true, revocation.Key: true, revocation.Token: true, "new": false,
	} {
		r := newRig(t)
		token, s := r.born()
		if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
			t.Fatal(err)
		}
		r.Cache().Apply([]revocation.Entry{{Kind: kind, Value: s.ID, Version: 1}})
		before := r.reads.Load()
		if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
			t.Fatal(err)
		}
		if got := r.reads.Load() == before; got != stays {
			t.Errorf("%s: the entry stays: %v, want %v", kind, got, stays)
		}
	}
}

// TH-12: an epoch that changed resets the cache.
func TestReset(t *testing.T) {
	r := newRig(t)
	token, s := r.born()
	if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
		t.Fatal(err)
	}
	delete(r.byDigest, s.Digest) // in the history the store has now it never was
	r.Cache().Reset()
	if _, err := r.Session(t.Context(), token.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("after another history: %v, want ErrEnded", err)
	}
}

// TH-21 SE-20: who is idle here may have been active elsewhere: the row decides.
func TestIdleIsReadAgain(t *testing.T) {
	r := newRig(t)
	token, s := r.born()
	if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
		t.Fatal(err)
	}
	r.set(start.Add(time.Hour + time.Minute))
	s.LastSeenAt = start.Add(30 * time.Minute) // used on another replica
	r.byDigest[s.Digest] = s
	if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
		t.Errorf("active elsewhere: %v", err)
	}
	r.set(start.Add(3 * time.Hour))
	if _, err := r.Session(t.Context(), token.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("idle everywhere: %v, want ErrEnded", err)
	}
}

// SE-20: a cached entry ends with its session, without anybody telling.
func TestCachedEntryExpires(t *testing.T) {
	r := newRig(t)
	token, s := r.born()
	s.IdleTimeout = 48 * time.Hour
	r.byDigest[s.Digest] = s
	if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
		t.Fatal(err)
	}
	r.set(s.ExpiresAt)
	if _, err := r.Session(t.Context(), token.Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("past the absolute limit: %v, want ErrEnded", err)
	}
}

// SE-7: a thousand checks within a minute are one write.
func TestTouchesAreCoalesced(t *testing.T) {
	r := newRig(t)
	token, s := r.born()
	for second := range 125 {
		r.set(start.Add(time.Duration(second) * time.Second))
		for range 8 {
			if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(r.written) != 2 || r.written[1] != (session.Seen{ID: s.ID, At: start.Add(2 * time.Minute)}) {
		t.Errorf("written: %v, want one use a minute", r.written)
	}
}

// While Run runs, uses wait together and are written by Flush; Run's end loses none.
func TestFlush(t *testing.T) {
	r := newRig(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	for !r.running.Load() {
		time.Sleep(time.Millisecond)
	}
	for range 3 {
		token, _ := r.born()
		r.set(start)
		if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
			t.Fatal(err)
		}
		r.set(start.Add(2 * time.Minute))
		if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(r.written) != 3 {
		t.Errorf("%d uses written, want 3", len(r.written))
	}
}

// SE-2: what no mint made is no session and is not looked up; what is not known
// costs one read, and nothing is made under the name that was presented.
func TestUnknownSecrets(t *testing.T) {
	r := newRig(t)
	for _, text := range []string{"", "x", "../../etc/passwd", string(make([]byte, 1<<16)), secret.New(session.Purpose).Reveal() + "A"} {
		if _, err := r.Session(t.Context(), text); !errors.Is(err, session.ErrEnded) {
			t.Errorf("%.20q: %v, want ErrEnded", text, err)
		}
	}
	if n := r.reads.Load(); n != 0 {
		t.Errorf("%d reads for secrets nobody can hold", n)
	}
	if _, err := r.Session(t.Context(), secret.New(session.Purpose).Reveal()); !errors.Is(err, session.ErrEnded) {
		t.Errorf("unknown: %v, want ErrEnded", err)
	}
	if n := r.reads.Load(); n != 1 || len(r.byDigest) != 0 {
		t.Errorf("%d reads for one unknown secret, %d sessions made", n, len(r.byDigest))
	}
}

// The cache is bounded: more sessions than fit push others out, and all still open.
func TestBounded(t *testing.T) {
	r := newRig(t)
	r.cache = newCache(shardCount)
	for range 2 {
		for range 300 {
			token, _ := r.born()
			if _, err := r.Session(t.Context(), token.Reveal()); err != nil {
				t.Fatal(err)
			}
		}
	}
	n, indexed := 0, 0
	for i := range r.cache.shards {
		n += len(r.cache.shards[i].byDigest)
		indexed += len(r.cache.shards[i].bySession) + len(r.cache.shards[i].byUser)
	}
	if n > shardCount || indexed != 2*n {
		t.Errorf("%d entries and %d index entries in a cache of %d", n, indexed, shardCount)
	}
}

func BenchmarkWarmCheck(b *testing.B) {
	r := newRig(b)
	token, _ := r.born()
	text := token.Reveal()
	ctx := context.Background()
	if _, err := r.Session(ctx, text); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Session(ctx, text); err != nil {
			b.Fatal(err)
		}
	}
}
