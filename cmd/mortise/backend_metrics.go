package main

import (
	"context"
	"time"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/telemetry"
	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/geo"
	"github.com/mortise-auth/mortise/internal/metrics"
	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/store"
	"github.com/mortise-auth/mortise/storage/redis"
)

// open wires the server and its metrics to each other: what happens is told to
// the registry, what stands is read from the server when somebody scrapes.
func (v *server) open(ctx context.Context, c app.Config, st store.Store) error {
	registry := metrics.New(v.sources(st))
	c.Observers = app.Observers{Request: registry.Observe, SignIn: registry.SignIn, Federation: registry.Federation, Hash: func(o password.Outcome) {
		if o.Waited() {
			v.room.Waited()
			if o.Result == password.Admitted {
				v.room.Begins()
			}
		}
		registry.Hash(o)
	}}
	v.metrics = registry.Handler()
	if err := v.places(); err != nil {
		return err
	}
	if v.geo != nil {
		c.Place = v.geo.Place
	}
	var err error
	if address := v.settings.Redis.URL; !address.IsZero() {
		if v.shared, err = redis.Open(address.Reveal()); err != nil {
			return err
		}
		c.Shared = v.shared
	}
	if v.traces, err = telemetry.Start(ctx, v.settings.OTel.Endpoint, version, v.log); err != nil {
		return err
	}
	c.Tracer = v.traces.Tracer
	v.app, err = app.New(ctx, c, st)
	return err
}

// places opens the operator's database of places. It is closed by the end of the
// process: requests that outlive the drain may still ask.
func (v *server) places() (err error) {
	if file := v.settings.Geo.MMDBFile; file != "" {
		v.geo, err = geo.Open(file)
	}
	return err
}

func (v *server) sources(st store.Store) metrics.Sources {
	s := metrics.Sources{Engine: st.Engine(), Version: version, Commit: commit, Built: date}
	s.Sessions = func() (int64, int64, int64) {
		c := v.app.Checks()
		return c.Hits, c.Misses, c.Uncertain
	}
	s.Proof = func() (time.Duration, bool) { return v.app.ProofAge() }
	s.Delay = func() time.Duration { return v.app.RevocationDelay() }
	s.Delays = func() (uint64, time.Duration, map[time.Duration]uint64) { return v.app.RevocationDelays() }
	s.Live = func() int { return v.app.LiveRevocations() }
	s.Feed = func() metrics.Feed {
		c := v.app.Published()
		return metrics.Feed{Tail: c.Tail, Empty: c.Empty, Snapshot: c.Snapshot, Entries: c.Entries, Gone: c.Gone, Streams: c.Streams, Head: c.Head}
	}
	s.Skew = func() time.Duration { return v.app.Skew() }
	s.Keys = v.keyAges
	s.Outbox = func() (metrics.Outbox, bool) {
		d, now, ok := v.app.Outbox()
		o := metrics.Outbox{Waiting: d.Waiting, Dead: d.Dead}
		if !d.Oldest.IsZero() {
			o.Oldest = now.Sub(d.Oldest)
		}
		return o, ok
	}
	s.Logouts = v.logouts
	return s
}

func (v *server) logouts() metrics.Logouts {
	c := v.app.Logouts.Counts()
	l := metrics.Logouts{Delivered: c.Delivered, Failed: c.Failed, GivenUp: c.Dead}
	d, now, ok := v.app.LogoutQueue()
	l.Known, l.Waiting, l.Dead = ok, d.Waiting, d.Dead
	if !d.Oldest.IsZero() {
		l.Oldest = now.Sub(d.Oldest)
	}
	return l
}

func (v *server) keyAges() []metrics.Key {
	known, now := v.app.SigningKeys()
	keys := make([]metrics.Key, len(known))
	for i, k := range known {
		keys[i] = metrics.Key{Use: string(k.Use), Algorithm: string(k.Algorithm), State: string(k.State), Age: now.Sub(k.Since())}
	}
	return keys
}
