package e2e

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// cluster is an instance and what its processes are reached by.
type cluster struct {
	*guarded
	all []*process // nil is the first
}

// on says which engines and how many processes a family is tried on.
var on = map[string]func(*testing.T, []string) cluster{
	"sqlite": func(t *testing.T, people []string) cluster {
		return cluster{guard(t, people), []*process{nil}}
	},
	"two processes on postgres": func(t *testing.T, people []string) cluster {
		g := guard(t, people, "DATABASE_URL="+newDatabase(t).in)
		return cluster{g, []*process{nil, g.replica()}}
	},
}

// at is a visitor of the n-th process, all from one address.
func (c cluster) at(n int, like *visitor) *visitor {
	v := c.from(c.all[n%len(c.all)])
	if like != nil {
		v.http.Transport = forwarded{v.http.Transport.(forwarded).RoundTripper, like.http.Transport.(forwarded).address}
	}
	return v
}

// TestFamilies are the cases of real clients and real thieves, on the assembled
// program. TH-5 TH-6 TH-8
func TestFamilies(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*testing.T, cluster, string){
		"fifty at once":   fiftyAtOnce,
		"lost answer":     lostAnswer,
		"theft":           theft,
		"another's token": anothers,
	}
	for engine, start := range on {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := start(t, crowd(len(cases)))
			n := 0
			for name, try := range cases {
				email := person(n)
				n++
				t.Run(name, func(t *testing.T) { try(t, c, email) })
			}
			for _, p := range c.all {
				if p != nil {
					p.stopped()
				}
			}
			c.stopped()
		})
	}
}

// fiftyAtOnce: server-side rendering, tabs, two processes 13 ms apart. All get an
// answer they can use, with the same refresh token, and one family lives on.
func fiftyAtOnce(t *testing.T, c cluster, email string) {
	const many = 50
	rounds := 3
	if soak() {
		rounds = 300
	}
	first := c.at(0, nil)
	held := first.enter(email)
	for round := range rounds {
		var clients [many]*visitor
		for i := range clients {
			clients[i] = c.at(i, first)
		}
		var got [many]tokens
		var status [many]int
		var ready, done sync.WaitGroup
		ready.Add(1)
		for i, v := range clients {
			done.Go(func() {
				ready.Wait()
				status[i], got[i] = v.refresh(held.refresh)
			})
		}
		ready.Done()
		done.Wait()
		for i := range got {
			if status[i] != http.StatusOK || got[i].refresh != got[0].refresh {
				t.Fatalf("round %d, answer %d: status %d, the same successor: %v", round, i, status[i], got[i].refresh == got[0].refresh)
			}
		}
		for i := range got {
			if i%7 == 0 && !clients[i].active(got[i].access) {
				t.Errorf("round %d: access token %d does not work", round, i)
			}
		}
		held = got[0]
	}
	if status, _ := c.at(1, first).refresh(held.refresh); status != http.StatusOK {
		t.Errorf("the family after that: %d", status)
	}
	if out := c.do("users", "events", email, "--json"); strings.Contains(out, "token.refresh_reuse") {
		t.Error("a race was taken for theft")
	}
}

// lostAnswer: the server rotated, the client never heard of it. It asks again, by
// another process, and goes on; from elsewhere it costs of the budget and works.
func lostAnswer(t *testing.T, c cluster, email string) {
	l := openLine(t)
	through := c.at(0, nil)
	held := through.enter(email)
	through.http.Transport = forwarded{&http.Transport{Proxy: l.proxy()}, "198.18.200.1"}
	l.to.Store(c.setting("LISTEN"))
	for n := range 2 {
		l.lose.Store(1)
		if status, _ := through.refresh(held.refresh); status != 0 {
			t.Fatalf("an answer came: %d", status)
		}
		status, next := c.at(n+1, nil).refresh(held.refresh)
		if status != http.StatusOK || next.refresh == held.refresh {
			t.Fatalf("asking again: %d", status)
		}
		if again, same := c.at(n, nil).refresh(held.refresh); again != http.StatusOK || same.refresh != next.refresh {
			t.Fatalf("a third time: %d", again)
		}
		held = next
	}
	if status, _ := c.at(0, nil).refresh(held.refresh); status != http.StatusOK {
		t.Errorf("the family after that: %d", status)
	}
}

// theft: a token whose successor was used comes a second time. Family and access
// tokens die, on every process, and log and person learn the cause.
func theft(t *testing.T, c cluster, email string) {
	owner := c.at(0, nil)
	stolen := owner.enter(email)
	other := c.at(0, nil).enter(email) // another sign-in of theirs
	_, second := owner.refresh(stolen.refresh)
	_, third := owner.refresh(second.refresh)
	if status, _ := c.at(1, nil).refresh(stolen.refresh); status != http.StatusBadRequest {
		t.Fatalf("the thief: %d", status)
	}
	if status, _ := owner.refresh(third.refresh); status != http.StatusBadRequest {
		t.Errorf("the owner's newest token: %d", status)
	}
	for n := range c.all {
		v := c.at(n, nil)
		for name, access := range map[string]string{"first": stolen.access, "second": second.access, "third": third.access} {
			eventually(t, "the end of the "+name+" access token", func() bool { return !v.active(access) })
		}
		if !v.active(other.access) {
			t.Error("another sign-in of the same person ended too")
		}
	}
	if status, _ := c.at(0, nil).refresh(other.refresh); status != http.StatusOK {
		t.Errorf("another sign-in of the same person: %d", status)
	}
	if out := c.do("users", "events", email, "--json"); !strings.Contains(out, "token.refresh_reuse") || !strings.Contains(out, "theft") {
		t.Errorf("the log does not tell the cause: %s", out)
	}
}

// anothers: what is wrong is refused and changes nothing.
func anothers(t *testing.T, c cluster, email string) {
	v := c.at(0, nil)
	held := v.enter(email)
	_, next := v.refresh(held.refresh)
	for name, fields := range map[string]map[string][]string{
		"another client":  {"client_id": {"things-api"}, "client_secret": {apiSecret}, "refresh_token": {held.refresh}},
		"no such client":  {"client_id": {"nobody"}, "refresh_token": {held.refresh}},
		"upper case":      {"client_id": {"app"}, "refresh_token": {strings.ToUpper(next.refresh)}},
		"truncated":       {"client_id": {"app"}, "refresh_token": {next.refresh[:len(next.refresh)-1]}},
		"an access token": {"client_id": {"app"}, "refresh_token": {next.access}},
	} {
		fields["grant_type"] = []string{"refresh_token"}
		if got := v.post("/oauth2/token", fields); got.status/100 != 4 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if status, _ := c.at(1, nil).refresh(next.refresh); status != http.StatusOK {
		t.Errorf("the family after that: %d", status)
	}
}
