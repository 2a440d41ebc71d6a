package e2e

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/postgres"
)

// replicas are two processes on one PostgreSQL, the second by a pooler that
// swallows notifications, and an API that follows the second.
type replicas struct {
	*guarded
	far  *process
	line *pgLine
	db   *database
	api  *api
}

func openReplicas(t *testing.T, people int) replicas {
	t.Helper()
	db := newDatabase(t)
	line, by := openPGLine(t, db.in)
	g := guard(t, crowd(people), "DATABASE_URL="+db.in)
	r := replicas{guarded: g, far: g.replica("DATABASE_URL=" + by), line: line, db: db}
	r.api = g.service(usual)
	r.api.line.to.Store(r.far.setting("LISTEN"))
	return r
}

// everywhere waits until both processes and the API refuse a token, and returns
// how long that took.
func (r replicas) everywhere(t *testing.T, token string) time.Duration {
	t.Helper()
	begun := time.Now()
	near, far := r.from(nil), r.from(r.far)
	eventually(t, "the end of a token on the first process", func() bool { return !near.active(token) })
	eventually(t, "the end of a token on the second", func() bool { return !far.active(token) })
	r.api.refuses(token, "token_revoked")
	return time.Since(begun)
}

func within(t *testing.T, what string, took time.Duration) {
	t.Helper()
	t.Logf("%s after %s", what, took.Round(time.Millisecond))
	if took > soon {
		t.Errorf("%s only after %s", what, took)
	}
}

// TestReplicas: what one process ends, ends on the other and on remote verifiers,
// whatever stands between them.
func TestReplicas(t *testing.T) {
	t.Parallel()
	r := openReplicas(t, 5)
	t.Run("an act held open while another commits", r.heldOpen)
	t.Run("a pooler that swallows LISTEN", r.deaf)
	t.Run("a process that slept", r.slept)
	t.Run("a connection that swallows everything", r.blackHole)
	for _, p := range []*process{r.process, r.far} {
		// The last answer came from the store, maybe before the process's next poll.
		eventually(t, "five revocations applied", func() bool { return p.metric("mortise_revocation_applied_seconds_count") >= 5 })
		if sum := p.metric("mortise_revocation_applied_seconds_sum"); sum <= 0 {
			t.Errorf("revocations were applied in %v s", sum)
		}
	}
	eventually(t, "the same last revocation on both", func() bool { return r.metric("mortise_feed_head") == r.far.metric("mortise_feed_head") })
	r.far.stopped()
	r.stopped()
}

// heldOpen: act A is written and held open, by a host program in InTx; B commits;
// A commits. Both are refused everywhere. TH-2
func (r replicas) heldOpen(t *testing.T) {
	a, b := r.from(r.far).enter(person(0)), r.from(r.far).enter(person(1))
	r.api.works(a.access)
	r.api.works(b.access)
	st, err := postgres.Open(t.Context(), r.db.in, postgres.Options{})
	must(t, err)
	defer st.Close()
	id, err := session.ParseID(a.session)
	must(t, err)
	written, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { done <- end(t, st, id, written, release) }()
	<-written

	v := r.from(nil)
	v.signIn(person(1), ownPassword).is(200, "/account")
	if status, out := v.api(http.MethodDelete, "/me/sessions/"+b.session, nil); status/100 != 2 {
		t.Fatalf("ending B: %d %v", status, out)
	}
	within(t, "B is refused everywhere, while A is held open,", r.everywhere(t, b.access))
	r.api.works(a.access)
	close(release)
	must(t, <-done)
	within(t, "A is refused everywhere", r.everywhere(t, a.access))
}

// end ends a session as a host program may, in a transaction that stays open
// until release.
func end(t *testing.T, st store.Store, id session.ID, written chan<- struct{}, release <-chan struct{}) error {
	s, err := st.Sessions().ByID(t.Context(), id)
	if err != nil {
		return err
	}
	return st.InTx(t.Context(), func(set store.Set) error {
		now := time.Now().UTC().Truncate(time.Microsecond)
		ev := user.Host().Event(session.EndedEvent, now, s.User)
		if err := set.Sessions().End(t.Context(), s.User, id, session.SignedOut, now, ev); err != nil {
			return err
		}
		close(written)
		<-release
		return nil
	})
}

// deaf: the second process never hears a notification; its own polls suffice. TH-11
func (r replicas) deaf(t *testing.T) {
	held := r.from(r.far).enter(person(2))
	browser := r.from(r.far)
	browser.signIn(person(2), ownPassword).is(200, "/account")
	r.api.works(held.access)
	r.do("users", "end-sessions", person(2), "--yes")
	within(t, "the second process and its follower refuse", r.everywhere(t, held.access))
	browser.get("/account").is(200, "/login")
}

// slept: a process stands still while a session ends elsewhere. Its first answer
// afterwards is right. TH-11
func (r replicas) slept(t *testing.T) {
	pause := 3 * time.Second
	if soak() {
		pause = 30 * time.Second
	}
	browser := r.from(r.far)
	browser.signIn(person(3), ownPassword).is(200, "/account")
	held := r.from(r.far).enter(person(3))
	must(t, r.far.cmd.Process.Signal(syscall.SIGSTOP))
	r.do("users", "end-sessions", person(3), "--yes")
	<-time.After(pause)
	must(t, r.far.cmd.Process.Signal(syscall.SIGCONT))
	browser.get("/account").is(200, "/login")
	if r.from(r.far).active(held.access) {
		t.Error("the token is active on the process that slept")
	}
}

// blackHole: the second process's connections swallow everything. Once its proof
// is too old it says that it does not know, and never that a session lives. TH-11
func (r replicas) blackHole(t *testing.T) {
	browser := r.from(r.far)
	browser.signIn(person(4), ownPassword).is(200, "/account")
	browser.get("/account").is(200, "/account")
	r.line.swallow()
	begun := time.Now()
	r.do("users", "end-sessions", person(4), "--yes")
	eventually(t, "doubt", func() bool {
		sent := time.Since(begun)
		got := browser.get("/account")
		if got.status == http.StatusOK && got.url.Path == "/account" && sent > soon {
			t.Fatalf("answered from memory %s after the last proof can have been", sent)
		}
		return got.status == http.StatusServiceUnavailable
	})
	t.Logf("503 after %s", time.Since(begun).Round(time.Millisecond))
	r.line.mend()
	mended := time.Now()
	eventually(t, "certainty", func() bool {
		got := browser.get("/account")
		if got.status == http.StatusOK && got.url.Path == "/account" {
			t.Fatal("the ended session lives")
		}
		return got.status == http.StatusOK
	})
	t.Logf("right again %s after the connections were back", time.Since(mended).Round(time.Millisecond))
}
