package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/testenv/pgstore"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/postgres"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// BenchmarkRefresh is one rotation with its audit event and one EdDSA signature,
// durable, by one and by 64 chains at once.
func BenchmarkRefresh(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		s, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Options{})
		benchRefresh(b, s, err)
	})
	b.Run("postgres", func(b *testing.B) {
		s, err := postgres.Open(b.Context(), pgstore.URL(b), postgres.Options{})
		benchRefresh(b, s, err)
	})
}

func benchRefresh(b *testing.B, st store.Store, err error) {
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	g := newBench(b, st)
	for _, chains := range []int{1, 64} {
		b.Run(fmt.Sprintf("chains=%d", chains), func(b *testing.B) { g.run(b, chains) })
	}
}

type refreshBench struct {
	*token.Grants
	st    store.Store
	key   jose.PrivateKey
	owner user.User
	now   atomic.Int64
}

func (g *refreshBench) Sign(_ context.Context, _ jose.Algorithm, typ string, payload []byte) (string, error) {
	return g.key.Sign(typ, payload)
}

func (g *refreshBench) Access(context.Context, string, []string) (token.Rules, error) {
	return token.Rules{Lifetime: 5 * time.Minute, Algorithm: jose.EdDSA}, nil
}

func (g *refreshBench) GrantEnded(context.Context, token.Grant, token.Cause, audit.Source) {}

func newBench(b *testing.B, st store.Store) *refreshBench {
	ctx := b.Context()
	g := &refreshBench{st: st}
	now := func() time.Time { return time.UnixMicro(g.now.Add(1)).UTC() }
	g.now.Store(1_900_000_000_000_000)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	keys, err := keyring.Load(ctx, st.Keys(), keyring.Masters{Current: keyring.NewMaster()}, now)
	must(err)
	g.key, err = jose.Generate(jose.EdDSA)
	must(err)
	at := now()
	ev := user.System().Event(user.Created, at, user.ID{})
	g.owner = user.User{ID: user.NewID(at), State: user.Active, Version: 1, Revision: 1, CreatedAt: at, UpdatedAt: at}
	must(st.Users().Create(ctx, g.owner, nil, ev))
	var d secret.Digest
	secret.Fill(d[:])
	must(st.Clients().Create(ctx, client.Client{
		ID: "bench", Name: "Bench", Type: client.Web, Auth: client.AuthBasic, Profile: client.OAuth21, Grants: []string{client.GrantRefresh},
		RefreshIdle: time.Hour, RefreshLife: time.Hour, Secret: client.Secret{Digest: d, CreatedAt: at}, Revision: 1, CreatedAt: at, UpdatedAt: at,
	}, user.System().Event(user.Created, now(), user.ID{})))
	g.Grants = token.New(token.Parts{Store: st.Tokens(), Keys: keys, Resources: g, Signer: g, Notices: g, Events: st.Audit()},
		token.Options{Issuer: "https://id.example.test", Window: token.MaxWindow}, now)
	return g
}

func (g *refreshBench) run(b *testing.B, chains int) {
	held := make([]token.Issued, chains)
	for i := range held {
		var err error
		held[i], err = g.Begin(b.Context(), token.Birth{
			User: g.owner.ID, UserVersion: 1, Client: "bench", ClientVersion: 1, Audiences: []string{"https://api.example.test"}, Scope: "openid",
			Sender: token.Sender{Kind: token.Client}, AuthTime: time.Unix(1_900_000_000, 0), Refresh: true, Idle: 1000 * time.Hour, Life: 1000 * time.Hour,
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for i := range held {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				next, err := g.Refresh(b.Context(), token.Request{Token: held[i].Refresh.Reveal(), Client: "bench", Authenticated: true})
				if err != nil {
					b.Error(err)
					return
				}
				held[i] = next
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rotations/s")
}
