package registry

import (
	"context"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/user"
)

type folk struct {
	name  string
	reads int
}

func (f *folk) ByID(_ context.Context, id user.ID) (user.User, error) {
	f.reads++
	return user.User{ID: id, Name: f.name}, nil
}

func (f *folk) Emails(_ context.Context, id user.ID) ([]user.Email, error) {
	return []user.Email{{User: id, Address: "other@example.test"}, {User: id, Address: "a@example.test", Primary: true, VerifiedAt: time.Unix(1, 0)}}, nil
}

// TH-10 TH-11: memory answers while it is fresh, and every act on the account
// empties it.
func TestPersonIsKeptUntilAnAct(t *testing.T) {
	f, proof, now := &folk{name: "Ada"}, fresh(true), time.Unix(5, 0)
	r := New(Options{Users: f, Keys: plainKeys{}, Now: func() time.Time { return now }})
	r.Follow(&proof)
	id := user.NewID(now)
	ask := func(name string, reads int) {
		t.Helper()
		p, err := r.Person(t.Context(), id)
		if err != nil || p.Name != name || p.Email != "a@example.test" || !p.EmailVerified || f.reads != reads {
			t.Fatalf("%+v after %d reads (%v)", p, f.reads, err)
		}
	}
	ask("Ada", 1)
	ask("Ada", 1)
	for n, kind := range []revocation.Kind{revocation.Refresh, revocation.Subject, revocation.Instance} {
		f.name = string(kind)
		r.Apply([]revocation.Entry{{Kind: kind, Value: id}})
		ask(string(kind), n+2)
		r.Apply([]revocation.Entry{{Kind: revocation.Session, Value: id}})
		ask(string(kind), n+2)
	}
	proof = false
	ask("instance", 5)
}
