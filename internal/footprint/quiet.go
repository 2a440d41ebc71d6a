package footprint

import (
	"context"
	"runtime/metrics"
	"time"
)

// quiet is how little a second without work allocates, in bytes.
const quiet = 256 << 10

// Quiet settles whenever work has paused for a second, starting included, until
// ctx ends. Errors go to failed.
func Quiet(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var before uint64
	worked := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(sample)
		now := sample[0].Value.Uint64()
		busy := now-before > quiet
		if worked && !busy {
			if err := Settle(); err != nil {
				failed(err)
			}
			metrics.Read(sample)
			now = sample[0].Value.Uint64()
		}
		before, worked = now, busy
	}
}
