package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// life is everything that one person holds.
type life struct {
	browser *visitor
	tokens
}

func (g *guarded) live(email string) life {
	v := g.from(nil)
	v.signIn(email, ownPassword).is(200, "/account")
	return life{v, g.from(nil).enter(email)}
}

// over wants nothing of it to work any more.
func (l life) over(t *testing.T, g *guarded, a *api, what string) {
	t.Helper()
	l.browser.get("/account").is(200, "/login")
	v := g.from(nil)
	if v.active(l.access) {
		t.Errorf("%s: the access token is active", what)
	}
	if status, _ := v.refresh(l.refresh); status != http.StatusBadRequest {
		t.Errorf("%s: the refresh token: %d", what, status)
	}
	eventually(t, "the API's refusal", func() bool {
		status, _ := a.call(l.access)
		return status == http.StatusUnauthorized
	})
}

// TestRestore: a backup is put back, into a new folder and in place. What had been
// revoked since stays dead, and so does what lived; the API that followed all the
// while hears of it by the feed, whose epoch is another, and takes what is handed
// out afterwards. TH-12 TH-24
func TestRestore(t *testing.T) {
	t.Parallel()
	g := guard(t, crowd(6))
	a := g.service(usual)
	kept := g.live(person(0))
	ended, given, banned, stolen := g.live(person(1)), g.live(person(2)), g.live(person(3)), g.live(person(4))
	backup := filepath.Join(folder(t), "mortise.db")
	g.stopped()
	g.copyStore(backup)
	g.start()

	for _, l := range []life{kept, ended, given, banned, stolen} {
		eventually(t, "the API to be sure again", func() bool { status, _ := a.call(l.access); return status == http.StatusOK })
	}
	g.do("users", "end-sessions", person(1), "--yes")
	g.from(nil).post("/oauth2/revoke", map[string][]string{"token": {given.refresh}, "client_id": {"app"}})
	g.do("users", "disable", person(3))
	_, next := g.from(nil).refresh(stolen.refresh)
	g.from(nil).refresh(next.refresh)
	g.from(nil).refresh(stolen.refresh)
	late := g.live(person(5)) // born after the backup

	for _, where := range []string{"a new folder", "the same folder"} {
		g.stopped()
		data := g.setting("DATA")
		if where == "a new folder" {
			data = filepath.Join(folder(t), "data")
			must(t, os.Mkdir(data, 0o700))
			g.set("DATA", data)
		}
		for _, old := range []string{"mortise.db-wal", "mortise.db-shm"} {
			_ = os.Remove(filepath.Join(data, old))
		}
		copyFile(t, filepath.Join(data, "mortise.db"), backup)
		g.start()
		for name, l := range map[string]life{"kept": kept, "ended": ended, "given back": given, "banned": banned, "stolen": stolen, "born later": late} {
			l.over(t, g, a, where+": "+name)
		}
		fresh := g.live(person(0))
		begun := time.Now()
		eventually(t, "the API to take a token of the new epoch", func() bool { status, _ := a.call(fresh.access); return status == http.StatusOK })
		t.Logf("%s: the API takes a new token after %s", where, time.Since(begun).Round(time.Millisecond))
		if took := time.Since(begun); took > 2*soon {
			t.Errorf("%s: the API takes a new token only after %s", where, took)
		}
		g.do("users", "end-sessions", person(0), "--yes")
		took, _ := a.refuses(fresh.access, "token_revoked")
		within(t, where+": and refuses it when it is revoked", took)
		late = fresh
		if g.metric("mortise_feed_restarts_total") == 0 {
			t.Errorf("%s: the API's cursor was taken for one of the new epoch", where)
		}
	}
	g.stopped()
}

// copyStore copies the database of a stopped server.
func (g *guarded) copyStore(to string) {
	g.t.Helper()
	copyFile(g.t, to, filepath.Join(g.setting("DATA"), "mortise.db"))
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	b, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(to, b, 0o600))
}
