package oauth

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
)

// OwnIssued is one or more tokens that a client got for itself (AU-5). Programs
// fetch them all day, so one event counts those of a minute.
var OwnIssued = audit.Define("token.issued_to_client", audit.Info, "")

// TallyEvery is how long tokens are counted before an event says how many.
const TallyEvery = time.Minute

// tally counts what clients get for themselves. The first token of a minute is in
// an event before it is handed out, so that a crash loses a number and never that
// a client was active; the rest is told by the next event or Flush. It is safe
// for concurrent use.
type tally struct {
	append func(context.Context, audit.Event) error

	mu   sync.Mutex
	rows map[string]*tallied
}

type tallied struct {
	since  time.Time // of the last event
	untold int       // tokens after it
	source audit.Source
}

// count notes one token of c.
func (t *tally) count(ctx context.Context, c *caller, now time.Time) error {
	untold, since, due := t.add(string(c.ID), c.source, now)
	if !due {
		return nil
	}
	err := t.append(ctx, ownIssued(string(c.ID), c.source, untold, since, now))
	if err != nil {
		t.restore(string(c.ID), untold-1)
	}
	return err
}

func (t *tally) add(id string, from audit.Source, now time.Time) (n int, since time.Time, due bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.rows[id]
	if row == nil {
		t.rows[id] = &tallied{since: now}
		return 1, now, true
	}
	if age := now.Sub(row.since); 0 <= age && age < TallyEvery {
		row.untold, row.source = row.untold+1, from
		return 0, since, false
	}
	n, since = row.untold+1, row.since
	*row = tallied{since: now}
	return n, since, true
}

func ownIssued(id string, from audit.Source, n int, since, now time.Time) audit.Event {
	ev := audit.New(OwnIssued, now, audit.Actor{Type: audit.ActorClient, ID: id}, from, "")
	ev.Client = id
	return ev.With("count", strconv.Itoa(n)).With("since", since.Format(time.RFC3339))
}

// Flush tells what was counted since the last event of each client, and forgets
// those that are quiet. Run it each TallyEvery, and once at the end.
func (f *Flow) Flush(ctx context.Context) error {
	waiting := make(chan audit.Event)
	errs := make([]error, tellers)
	var wg sync.WaitGroup
	for i := range tellers {
		wg.Go(func() {
			for ev := range waiting {
				if err := f.tally.append(ctx, ev); err != nil {
					n, _ := strconv.Atoi(ev.Details["count"])
					f.tally.restore(ev.Client, n)
					errs[i] = err
				}
			}
		})
	}
	for _, ev := range f.tally.untold(f.now()) {
		waiting <- ev
	}
	close(waiting)
	wg.Wait()
	return errors.Join(errs...)
}

// tellers write at once, so that stores which commit in groups pay for few commits.
const tellers = 8

// restore counts again what an event that was not written would have told.
func (t *tally) restore(id string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if row := t.rows[id]; row != nil {
		row.untold += n
	}
}

func (t *tally) untold(now time.Time) (all []audit.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, row := range t.rows {
		switch {
		case row.untold > 0:
			all = append(all, ownIssued(id, row.source, row.untold, row.since, now))
			*row = tallied{since: now}
		case now.Sub(row.since) >= TallyEvery:
			delete(t.rows, id)
		}
	}
	return all
}
