package app

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/session"
)

// sampleEvery is how often one kind of suspicion from one source is written: a
// flood of them must not become a flood of writes (AU-49).
const sampleEvery = time.Minute

// maxSampled bounds what is remembered; beyond it kinds are counted together.
const maxSampled = 4096

// sampler writes one event of a kind a minute and counts in the next one what it
// left out. It is safe for concurrent use.
type sampler struct {
	append func(context.Context, audit.Event) error
	now    func() time.Time
	mu     sync.Mutex
	seen   map[string]*sampled
}

type sampled struct {
	since   time.Time
	dropped int
}

func newSampler(st audit.Store, now func() time.Time) *sampler {
	return &sampler{append: st.Append, now: now, seen: make(map[string]*sampled)}
}

// record writes ev, or counts it. Kinds are told apart by name, source and key.
func (s *sampler) record(ctx context.Context, ev audit.Event, key string) error {
	dropped, due := s.due(ev.Name + "\x00" + ev.Source.IP + "\x00" + key)
	if !due {
		return nil
	}
	if dropped > 0 {
		ev = ev.With("dropped", strconv.Itoa(dropped))
	}
	return s.append(ctx, ev)
}

func (s *sampler) due(kind string) (dropped int, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	k := s.seen[kind]
	if k == nil {
		s.makeRoom(now)
		if len(s.seen) >= maxSampled {
			kind = "" // too many at once: all new ones are one kind
		}
		if k = s.seen[kind]; k == nil {
			s.seen[kind] = &sampled{since: now}
			return 0, true
		}
	}
	if age := now.Sub(k.since); age >= 0 && age < sampleEvery {
		k.dropped++
		return 0, false
	}
	dropped = k.dropped
	*k = sampled{since: now}
	return dropped, true
}

// makeRoom forgets kinds that have been quiet. What they had left out is lost
// only when nothing of the kind follows.
func (s *sampler) makeRoom(now time.Time) {
	if len(s.seen) < maxSampled {
		return
	}
	for kind, k := range s.seen {
		if now.Sub(k.since) >= sampleEvery {
			delete(s.seen, kind)
		}
	}
}

// watched tells the audit trail of refusals (AU-2).
type watched struct {
	ratelimit.Store
	app *App
}

func (w watched) Take(ctx context.Context, keys ratelimit.Keys) (ratelimit.Decision, error) {
	d, err := w.Store.Take(ctx, keys)
	if err == nil && !d.Allowed {
		w.app.noteSampled(ctx, audit.New(ratelimit.Exceeded, w.app.now(), audit.Actor{Type: audit.ActorAnonymous}, audit.Source{}, "").
			Failed(audit.Blocked, "rate_limited").With("limit", string(d.Name)), string(d.Name))
	}
	return d, err
}

// blocked tells the audit trail of outbound calls that were refused (AU-10).
func (a *App) blocked(ctx context.Context, b egress.Blocked) {
	a.noteSampled(ctx, audit.New(egress.BlockedEvent, a.now(), audit.Actor{Type: audit.ActorSystem}, audit.Source{}, "").
		Failed(audit.Blocked, b.Reason).With("host", b.Host), b.Host)
}

// usedAfterEnd tells the audit trail of a secret that was presented after its
// session had ended (AU-4).
func (a *App) usedAfterEnd(ctx context.Context, s session.Session) {
	a.noteSampled(ctx, audit.New(session.UsedAfterEnd, a.now(), audit.Actor{Type: audit.ActorAnonymous}, audit.Source{}, s.User.String()).
		Failed(audit.Blocked, string(s.EndCause)).InSession(s.ID.String()), s.ID.String())
}

func (a *App) noteSampled(ctx context.Context, ev audit.Event, key string) {
	if err := a.suspect.record(ctx, ev, key); err != nil {
		a.c.Log.Warn("a suspicion was not recorded", "event", ev.Name, "error", err)
	}
}
