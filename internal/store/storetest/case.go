package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
)

// callers is how many goroutines fight for a thing that only one may have.
const callers = 50

// testcase is a test with its own store, a clock, and short ways to make things.
type testcase struct {
	*testing.T
	store.Store
	ctx context.Context
	now time.Time

	mu   sync.Mutex
	told []revocation.Entry // since the last call of heard
	made atomic.Int64

	people atomic.Int64
}

func newCase(t *testing.T, st store.Store) *testcase {
	c := &testcase{T: t, Store: st, ctx: t.Context(), now: time.Date(2033, 5, 6, 7, 8, 9, 123456000, time.UTC)}
	st.OnRevoke(func(entries []revocation.Entry) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.told = append(c.told, entries...)
	})
	return c
}

func (c *testcase) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("unexpected error: %v", err)
	}
}

func (c *testcase) is(err, want error) {
	c.Helper()
	if !errors.Is(err, want) {
		c.Fatalf("got error %v, want %v", err, want)
	}
}

func (c *testcase) same(got, want any) {
	c.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		c.Fatalf("mismatch (-want +got):\n%s", diff)
	}
}

// later moves the clock.
func (c *testcase) later(d time.Duration) time.Time {
	c.now = c.now.Add(d)
	return c.now
}

// next is a number nobody had.
func (c *testcase) next() int64 { return c.made.Add(1) }

// event is an event about an account, by the system. Its id is made later than
// those of the events before it, although the clock stands.
func (c *testcase) event(n audit.Name, subject user.ID) audit.Event {
	ev := user.System().Event(n, c.now.Add(time.Duration(c.next())*time.Millisecond), subject)
	ev.Time = c.now
	return ev
}

// system is an event about nobody.
func (c *testcase) system() audit.Event { return c.event(user.Updated, user.ID{}) }

// person keeps an active account with a verified primary address.
func (c *testcase) person() user.User {
	c.Helper()
	return c.personAt(fmt.Sprintf("person%d@example.test", c.people.Add(1)), c.now)
}

func (c *testcase) personAt(address string, verified time.Time) user.User {
	c.Helper()
	u := c.account("Ada")
	c.ok(c.Users().Create(c.ctx, u, []user.Email{c.email(u, address, verified)}, c.event(user.Created, u.ID)))
	return u
}

func (c *testcase) account(name string) user.User {
	return user.User{ID: user.NewID(c.now), Name: name, State: user.Active, Version: 1, TokenVersion: 1, Revision: 1, CreatedAt: c.now, UpdatedAt: c.now}
}

// email is a primary address.
func (c *testcase) email(u user.User, address string, verified time.Time) user.Email {
	return user.Email{User: u.ID, Address: address, Key: user.EmailKey(address), VerifiedAt: verified, Primary: true, CreatedAt: c.now}
}

func (c *testcase) reread(u user.User) user.User {
	c.Helper()
	got, err := c.Users().ByID(c.ctx, u.ID)
	c.ok(err)
	return got
}

// signIn keeps a session of u as u is now.
func (c *testcase) signIn(u user.User) session.Session {
	c.Helper()
	s := c.session(c.reread(u))
	_, err := c.Sessions().Insert(c.ctx, s, 0, 0, c.event(session.Created, u.ID))
	c.ok(err)
	return s
}

// session is one that could be kept: seen now, idle after an hour, ends after a day.
func (c *testcase) session(u user.User) session.Session {
	return session.Session{
		ID: session.NewID(c.now), User: u.ID, Digest: digest(), UserVersion: u.Version, Methods: []string{"pwd"}, Assurance: 1,
		AuthenticatedAt: c.now, CreatedAt: c.now, LastSeenAt: c.now, IdleTimeout: time.Hour, ExpiresAt: c.now.Add(24 * time.Hour),
		IP: "192.0.2.1", UserAgent: "test", Place: "Lyon",
	}
}

func digest() (d secret.Digest) {
	secret.Fill(d[:])
	return d
}

// usable says whether the secret of s opens anything.
func (c *testcase) usable(s session.Session) bool {
	c.Helper()
	got, err := c.Sessions().ByDigest(c.ctx, s.Digest)
	if errors.Is(err, session.ErrEnded) {
		return false
	}
	c.ok(err)
	return got.Live(c.now)
}

// mailed keeps a proof for u as u is now.
func (c *testcase) mailed(u user.User, p proof.Purpose) proof.Proof {
	c.Helper()
	v := c.proof(u, p)
	c.ok(c.Proofs().Put(c.ctx, v))
	return v
}

func (c *testcase) proof(u user.User, p proof.Purpose) proof.Proof {
	v := proof.Proof{
		ID: proof.NewID(c.now), Purpose: p, User: u.ID, Key: "ada@example.test", Link: digest(), Flow: digest(), Code: []byte("mac"),
		Payload: []byte("sealed"), CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour),
	}
	if !u.ID.IsZero() {
		v.UserVersion = c.reread(u).Version
	}
	return v
}

// trail returns the names of the events about an account, oldest first.
func (c *testcase) trail(u user.User) (names []string) {
	c.Helper()
	events, err := c.Audit().Search(c.ctx, audit.Query{Subject: u.ID.String(), Limit: 200})
	c.ok(err)
	for i := range events {
		names = append(names, events[len(events)-1-i].Name)
	}
	return names
}

// heard returns what OnRevoke was told since the last call, without numbers, how
// long it is of use and whom it concerns.
func (c *testcase) heard() []revocation.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.told
	c.told = nil
	for i := range told {
		told[i].Number, told[i].Until, told[i].Audiences = 0, time.Time{}, nil
	}
	return told
}

func refreshOf(id user.ID, now time.Time) revocation.Entry {
	return revocation.Entry{Kind: revocation.Refresh, Value: id, At: now}
}

func demotionOf(id user.ID, version int64, now time.Time) revocation.Entry {
	return revocation.Entry{Kind: revocation.Refresh, Value: id, Version: version, At: now}
}

// race runs fn in many goroutines at once and returns how many succeeded; all
// others must have failed with lost.
func (c *testcase) race(lost error, fn func(i int) error) (won int) {
	c.Helper()
	var (
		start = make(chan struct{})
		errs  = make([]error, callers)
		wg    sync.WaitGroup
	)
	for i := range callers {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			won++
		} else if lost == nil || !errors.Is(err, lost) {
			c.Errorf("a caller got error %v, want %v", err, lost)
		}
	}
	return won
}

// once fails unless exactly one of many concurrent callers succeeds.
func (c *testcase) once(lost error, fn func(i int) error) {
	c.Helper()
	if won := c.race(lost, fn); won != 1 {
		c.Fatalf("%d of %d callers succeeded, want 1", won, callers)
	}
}
