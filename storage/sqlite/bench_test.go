package sqlite

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// twoRows is the floor of a session birth: a small row and an audit row.
func twoRows(ctx context.Context, tx sqlstore.Tx, key []byte) error {
	if _, err := tx.Exec(ctx, "INSERT INTO idempotency (scope, body, status, sealed, created_at) VALUES ($1, $1, 1, NULL, 1)", key); err != nil {
		return err
	}
	n, _ := tx.Sequence(sqlstore.Events)
	return tx.Queue(ctx, `INSERT INTO audit_events (id, at, sequence, name, severity, outcome, reason, actor_type, actor_id, subject,
		session, client, ip, user_agent, place, request_id, details)
		VALUES ($1, 1, $2, 'login.succeeded', 'info', 'success', '', 'user', $3, $3, '', '', '', '', '', '', '{}')`,
		eventID(n), n, hex.EncodeToString(key[:8]))
}

// eventID is ordered by time, as ids are.
func eventID(n int64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 8, 16), uint64(n))
}

func randomKey() []byte {
	key := make([]byte, 32)
	secret.Fill(key)
	return key
}

func BenchmarkCommitAlone(b *testing.B) { benchmarkCommit(b, 1) }
func BenchmarkCommit64(b *testing.B)    { benchmarkCommit(b, 64) }

func benchmarkCommit(b *testing.B, callers int) {
	s := openBench(b)
	ctx := b.Context()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := s.Write(ctx, func(tx sqlstore.Tx) error { return twoRows(ctx, tx, randomKey()) }); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
}

func BenchmarkPointRead(b *testing.B) {
	s := openBench(b)
	ctx := b.Context()
	keys := make([][]byte, 1000)
	err := s.Write(ctx, func(tx sqlstore.Tx) error {
		for i := range keys {
			keys[i] = randomKey()
			if err := twoRows(ctx, tx, keys[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		var status int64
		var body []byte
		err := s.Read(ctx, func(q sqlstore.Querier) error {
			return q.QueryRow(ctx, "SELECT body, status FROM idempotency WHERE scope = $1", keys[i%1000]).Scan(&body, &status)
		})
		if err != nil || status != 1 {
			b.Fatal(err)
		}
	}
}

// settle makes n accounts with a password of version 1.
func settle(b *testing.B, s *Store, n int) []user.ID {
	b.Helper()
	ctx := b.Context()
	owners := make([]user.ID, n)
	err := s.InTx(ctx, func(tx store.Set) error {
		for i := range owners {
			owners[i] = user.NewID(epochStart)
			u := user.User{ID: owners[i], State: user.Active, Version: 1, Revision: 1, CreatedAt: epochStart, UpdatedAt: epochStart}
			key := owners[i].String() + "@example.test"
			mail := user.Email{User: owners[i], Address: key, Key: key, Primary: true, CreatedAt: epochStart}
			known := password.Credential{User: owners[i], Version: 1, Hash: "-", ChangedAt: epochStart}
			err := errors.Join(tx.Users().Create(ctx, u, []user.Email{mail}, happened("create")), tx.Passwords().Set(ctx, known, happened("password")))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return owners
}

// BenchmarkSessionInsert64 is the birth of a session through the seam; its bound
// is twice BenchmarkCommit64.
func BenchmarkSessionInsert64(b *testing.B) {
	s := openBench(b)
	ctx := b.Context()
	owners := settle(b, s, 2000)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				at := epochStart.Add(time.Duration(n) * time.Millisecond)
				one := session.Session{
					ID: session.NewID(at), User: owners[n%2000], UserVersion: 1, Assurance: 1, Methods: []string{"pwd"},
					AuthenticatedAt: at, CreatedAt: at, LastSeenAt: at, IdleTimeout: time.Hour, ExpiresAt: at.Add(time.Hour),
				}
				one.Digest = secret.NewAt(session.Purpose, time.Now()).Digest([16]byte{})
				ev := audit.New(tested, at, user.System().Actor, audit.Source{}, one.User.String())
				if _, err := s.Sessions().Insert(ctx, one, 1, 50, ev); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
}

func BenchmarkOpenExisting(b *testing.B) {
	dir := b.TempDir()
	for range b.N {
		s, err := Open(b.Context(), dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func BenchmarkOpenFresh(b *testing.B) { benchmarkFresh(b, Open) }
func BenchmarkOpenFreshMemory(b *testing.B) {
	benchmarkFresh(b, func(ctx context.Context, _ string, o Options) (*Store, error) { return Memory(ctx, o) })
}

func benchmarkFresh(b *testing.B, open func(context.Context, string, Options) (*Store, error)) {
	for range b.N {
		s, err := open(b.Context(), b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}
