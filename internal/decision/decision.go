package decision

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
)

// ErrUnknown: no such code, or it was forgotten.
var ErrUnknown = problem.New(problem.NotFound, "decision_unknown", "No refusal is remembered under this code. Codes are kept for a week; check the spelling.")

const (
	// Keep is how long a record is kept.
	Keep = 7 * 24 * time.Hour
	// Most is how many are kept.
	Most = 100_000
	// waiting is how many wait to be written; beyond it refusals have no code.
	waiting = 1000
	// lasting bounds each text of a record, in bytes.
	lasting = 512
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Wanted string `json:"wanted,omitempty"`
	Got    string `json:"got,omitempty"`
}

// Record is one refusal, for administrators.
type Record struct {
	Code       string
	At         time.Time
	Refusal    string // stable code of the problem
	Reason     string // the private cause
	Checks     []Check
	Method     string
	Route      string // pattern, never the address itself
	RequestID  string
	IP         string
	UserAgent  string
	Subject    string // usr_…, when known
	Session    string
	Client     string
	Credential string // kind of what was presented: session, bearer, none, …
}

// Store keeps records.
type Store interface {
	// Put keeps records. One whose code is taken replaces the older.
	Put(ctx context.Context, records []Record) error
	// ByCode returns one, or ErrUnknown.
	ByCode(ctx context.Context, code string) (Record, error)
	// Sweep forgets records from before the given time, and the oldest beyond
	// most; at most limit of them.
	Sweep(ctx context.Context, before time.Time, most, limit int) (int, error)
}

// Recorder gives codes to refusals. It is safe for concurrent use.
type Recorder struct {
	store Store
	now   func() time.Time
	allow func(ctx context.Context, source string) bool

	mu      sync.Mutex
	pending []Record
}

// New makes a Recorder. allow is asked for each refusal whether its source may
// have a code; nil: every one may.
func New(st Store, now func() time.Time, allow func(ctx context.Context, source string) bool) *Recorder {
	return &Recorder{store: st, now: now, allow: allow}
}

// Record remembers r and returns its code, or nothing when the budget is spent.
func (d *Recorder) Record(ctx context.Context, r Record) string {
	if d.allow != nil && !d.allow(ctx, r.IP) {
		return ""
	}
	r.Code, r.At = newCode(), d.now().UTC().Truncate(time.Microsecond)
	for _, text := range []*string{&r.Reason, &r.Method, &r.Route, &r.UserAgent, &r.Subject, &r.Client} {
		*text = clip(*text)
	}
	for i := range r.Checks {
		r.Checks[i].Wanted, r.Checks[i].Got = clip(r.Checks[i].Wanted), clip(r.Checks[i].Got)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pending) >= waiting {
		return ""
	}
	d.pending = append(d.pending, r)
	return r.Code
}

func clip(s string) string {
	if len(s) > lasting {
		s = s[:lasting]
	}
	return strings.ToValidUTF8(s, "")
}

// Code is 30 random bits: enough to be unlikely to meet another within a week,
// and short enough to be read aloud.
func newCode() string {
	words := secret.Words(2).Reveal()
	return words[:3] + "-" + words[5:8]
}

// Spelled is how a code is kept, however it was typed: lower case, without the
// hyphen or with spaces around it.
func Spelled(code string) string {
	code = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '2' && r <= '9':
			return r
		}
		return -1
	}, clip(code))
	if len(code) != 6 {
		return ""
	}
	return code[:3] + "-" + code[3:]
}

// Find returns the record of a code, also one that waits to be written.
func (d *Recorder) Find(ctx context.Context, code string) (Record, error) {
	code = Spelled(code)
	if code == "" {
		return Record{}, ErrUnknown
	}
	if r, ok := d.waits(code); ok {
		return r, nil
	}
	return d.store.ByCode(ctx, code)
}

func (d *Recorder) waits(code string) (Record, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.pending {
		if r.Code == code {
			return r, true
		}
	}
	return Record{}, false
}

// Flush writes what waits. What cannot be written is kept for the next time.
func (d *Recorder) Flush(ctx context.Context) error {
	d.mu.Lock()
	batch := d.pending[:len(d.pending):len(d.pending)]
	d.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	if err := d.store.Put(ctx, batch); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append([]Record(nil), d.pending[len(batch):]...)
	return nil
}

// Run writes every second until ctx ends, and a last time then.
func (d *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return d.Flush(last)
		case <-tick.C:
			_ = d.Flush(ctx) // kept, and tried again in a second
		}
	}
}
