package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mortise-auth/mortise/storage/internal/sqlstore"
)

func BenchmarkCommitAlone(b *testing.B) { benchmarkCommit(b, 1) }
func BenchmarkCommit64(b *testing.B)    { benchmarkCommit(b, 64) }

func benchmarkCommit(b *testing.B, callers int) {
	s := fresh(b)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := put(s, fmt.Sprint("act-", n)); err != nil {
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
	s := fresh(b)
	must(b, put(s, "key"))
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		var value string
		must(b, s.Read(ctx, func(q sqlstore.Querier) error {
			return q.QueryRow(ctx, "SELECT value FROM settings WHERE key = $1", "key").Scan(&value)
		}))
	}
}
