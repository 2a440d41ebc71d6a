package cimd

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/registration"
	"github.com/mortise-auth/mortise/internal/resource"
)

// Bounds.
const (
	MaxBytes   = 5 << 10 // of a document
	MaxClients = 20_000  // that are known by their documents

	timeout     = 3 * time.Second
	leastFresh  = time.Minute // a document is not read again before
	usualFresh  = time.Hour   // unless it says so
	mostFresh   = 24 * time.Hour
	refusedFor  = 2 * time.Minute // a refusal is remembered
	outage      = 24 * time.Hour  // a known client outlives its silent server
	retryOutage = time.Minute
	maxKept     = 4096
	abroad      = 8 // fetches at once
)

// Answer is what came from an address.
type Answer struct {
	Status       int
	Type         string // Content-Type
	CacheControl string
	Body         []byte
}

// Fetcher gets an address: at most most bytes, no private address, no redirect
// (OA-71). Its errors of kind Invalid and Unprocessable, and too large an answer,
// are final; others are an outage.
type Fetcher interface {
	Fetch(ctx context.Context, address string, most int64) (Answer, error)
}

// Tx is what one act of the flow may touch.
type Tx interface {
	Clients() client.Store
	Registrations() registration.Store
	Resources() resource.Store
}

// Options configure a Book. All but Hosts, Policy and Addresses are required.
type Options struct {
	Fetch     Fetcher
	Documents client.Documents // that documents refer to
	Read      Tx               // outside transactions
	InTx      func(ctx context.Context, fn func(Tx) error) error
	Rates     ratelimit.Store
	Hosts     []string            // host or *.host; empty: any
	Policy    registration.Policy // what clients may ask for
	// Addresses says which client_ids there are beside those of production.
	Addresses client.Addresses
	Now       func() time.Time
	Log       *slog.Logger
}

// Book knows which documents were read, and keeps their clients up to date. It is
// safe for concurrent use.
type Book struct {
	o    Options
	room chan struct{}

	mu   sync.Mutex
	kept map[client.ID]*entry
}

// entry is what is known of one address.
type entry struct {
	done  chan struct{} // closed when the rest is there
	err   error
	until time.Time // zero: under way
	good  time.Time // when the document was good last; zero: not seen by this process
}

// New makes a Book.
func New(o Options) *Book {
	o.Addresses.Localhost = true // they registered themselves
	return &Book{o: o, room: make(chan struct{}, abroad), kept: map[client.ID]*entry{}}
}

// Refresh makes sure that the client kept under id is what its document says, or
// says why there is none: client.ErrUnknown, caused by ErrAddress, ErrFetch,
// ErrInvalid or ErrFull; ratelimit's refusal when the host has too many of them.
// A client that is fresh costs one look into memory.
func (b *Book) Refresh(ctx context.Context, id client.ID) error {
	if fault := b.address(string(id)); fault != "" {
		return client.ErrUnknown.Because(ErrAddress.Becausef("%s", fault))
	}
	e, mine, good := b.entry(id)
	if mine {
		b.read(ctx, id, e, good)
	}
	select {
	case <-e.done:
		return e.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Forget makes the next Refresh read the document again.
func (b *Book) Forget(id client.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.kept[id]; e != nil && !e.until.IsZero() {
		delete(b.kept, id)
	}
}

// address says what is wrong with a client_id.
func (b *Book) address(id string) string {
	if fault := b.o.Addresses.Document(id); fault != "" {
		return fault
	}
	if len(b.o.Hosts) > 0 && !registration.HostIn(b.o.Hosts, host(id)) {
		return "its host is not one of those allowed"
	}
	return ""
}

// host is that of an address that was checked.
func host(id string) string {
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// entry returns what is known of id, whether it is the caller's to find out, and
// when the document was good last.
func (b *Book) entry(id client.ID) (e *entry, mine bool, good time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e = b.kept[id]
	if e != nil && (e.until.IsZero() || b.o.Now().Before(e.until)) {
		return e, false, e.good
	}
	if e != nil {
		good = e.good
	}
	for victim, other := range b.kept {
		if len(b.kept) < maxKept {
			break
		}
		if !other.until.IsZero() { // those under way are waited for
			delete(b.kept, victim)
		}
	}
	e = &entry{done: make(chan struct{})}
	b.kept[id] = e
	return e, true, good
}

// read fetches for everybody who waits, whether or not the first of them stays.
func (b *Book) read(ctx context.Context, id client.ID, e *entry, good time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*timeout)
	defer cancel()
	fresh, err := b.load(ctx, id)
	now := b.o.Now()
	if err == nil {
		good = now
	}
	if err != nil {
		fresh = refusedFor
		if good, err = b.outlives(ctx, id, good, err); err == nil {
			fresh = retryOutage
		}
	}
	if err != nil && !limited(err) {
		b.o.Log.Info("a client's document was refused", "client", id, "error", err)
		err = client.ErrUnknown.Because(err)
	}
	b.mu.Lock()
	e.err, e.until, e.good = err, now.Add(fresh), good
	if limited(err) {
		e.until = now // the limit remembers
	}
	b.mu.Unlock()
	close(e.done)
}

func limited(err error) bool { return err != nil && problem.Of(err).Kind == problem.Limited }

// outlives forgives an outage to a client that is known, for a time.
func (b *Book) outlives(ctx context.Context, id client.ID, good time.Time, err error) (time.Time, error) {
	if !isOutage(err) {
		return good, err
	}
	if _, absent := b.o.Read.Clients().ByID(ctx, id); absent != nil {
		return good, err
	}
	now := b.o.Now()
	if good.IsZero() {
		good = now // read by another process, or before a restart
	}
	if now.Sub(good) >= outage {
		return good, err
	}
	b.o.Log.Warn("a client's document cannot be read; what is known of it holds", "client", id, "error", err)
	return good, nil
}

// freshness is how long an answer may be used (RFC 9111), within our bounds.
func freshness(cacheControl string) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(cacheControl), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return leastFresh
		case "max-age":
			if d, err := time.ParseDuration(strings.Trim(value, `"`) + "s"); err == nil {
				return min(max(d, leastFresh), mostFresh)
			}
		}
	}
	return usualFresh
}
