package verify

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Bounds of following.
const (
	maxLive        = 1_000_000              // entries of the live set
	retryFirst     = 100 * time.Millisecond // after a failed poll,
	retryMost      = 500 * time.Millisecond // doubled up to this: back within a second
	retryRefused   = 2 * time.Second        // when the issuer does not know us
	tooQuick       = 50 * time.Millisecond  // a server that does not hold polls is not asked in a loop
	sweepEvery     = 60                     // seconds of the feed's time
	errorsReported = 10 * time.Second
)

// Faults of following, in Health.
var (
	ErrNotReady = errors.New("verify: no snapshot of the revocation feed yet")
	ErrStale    = errors.New("verify: the revocation feed has been silent for too long")
	ErrClock    = errors.New("verify: the clocks of this machine and the issuer disagree")
)

// follower keeps the live set true. One goroutine calls step; any may ask fresh.
type follower struct {
	leeway    time.Duration
	staleness time.Duration
	now       func() time.Time
	log       *slog.Logger
	poll      *poller
	own       *keyCache // keys of the feed
	tokens    *keyCache // keys of tokens, told of kid entries
	checker   *bearer.Checker

	live  *feed.Set
	chain feed.Chain
	mask  []byte // nil before the first snapshot
	swept int64

	ready  atomic.Bool
	begun  atomic.Int64 // how often the set was begun anew
	askew  atomic.Bool
	proof  atomic.Pointer[moment]
	number atomic.Int64 // the last one applied
}

// fresh reports whether nothing can have been revoked without our knowing for
// longer than the bound. It counts from when the poll was sent, so an answer that
// was delayed or buffered proves no more than it can (TH-14).
func (f *follower) fresh(now time.Time) bool {
	p := f.proof.Load()
	return p != nil && p.within(now, f.staleness)
}

// health says why tokens are not checked against the feed; nil when they are.
func (f *follower) health(now time.Time) error {
	switch {
	case f.askew.Load():
		return ErrClock
	case !f.ready.Load():
		return ErrNotReady
	case !f.fresh(now):
		return ErrStale
	}
	return nil
}

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	retry, failing := retryFirst, false
	for ctx.Err() == nil {
		began, held, had := f.now(), f.fresh(f.now()), f.number.Load()
		err := f.step(ctx)
		var wait time.Duration
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			if failing {
				f.log.Info("verify: the revocation feed is followed again")
			}
			retry, failing = retryFirst, false
			if held && f.number.Load() == had && f.now().Sub(began) < tooQuick {
				wait = jitter(tooQuick)
			}
		case errors.Is(err, errAgain):
			wait = jitter(tooQuick)
		default:
			if !failing {
				f.log.Warn("verify: the revocation feed does not answer", "error", err)
			}
			failing = true
			wait, retry = jitter(f.after(err, retry)), min(2*retry, retryMost)
		}
		if !pause(ctx, wait) {
			return
		}
	}
}

// after is how long to wait before the next poll.
func (f *follower) after(err error, retry time.Duration) time.Duration {
	var status *statusError
	switch {
	case errors.Is(err, errNoAnswer):
		return tooQuick // it was waited for long enough
	case !errors.As(err, &status):
		return retry
	}
	switch status.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return retryRefused
	case http.StatusGone:
		// What we hold is of another history: back within a second, whatever the
		// issuer would like. Too many at once are told so when they ask (TH-12, TH-17).
		return max(retry, min(status.retryAfter, retryMost))
	}
	return max(retry, min(status.retryAfter, f.staleness/2)) // while the last proof may still hold (TH-17)
}

// errAgain: the poll proved nothing and the next one may; no fault of anybody.
var errAgain = errors.New("ask again")

// step polls once and takes what comes. It is not safe for concurrent use.
func (f *follower) step(ctx context.Context) error {
	if _, ok := f.own.set(); !ok {
		if _, err := f.own.refresh(ctx, false); err != nil {
			return fmt.Errorf("keys of the feed: %w", err)
		}
	}
	nonce := rand.Text()
	sent := f.now()
	body, err := f.poll.ask(ctx, question{cursor: f.chain.Cursor(), digest: f.chain.Digest(), nonce: nonce, hold: f.fresh(sent)})
	if err != nil {
		return f.refused(err)
	}
	defer body.Close()
	return f.read(ctx, body, nonce, sent)
}

// refused turns 410 into a new beginning: the cursor is older than what is kept.
func (f *follower) refused(err error) error {
	var status *statusError
	if errors.As(err, &status) && status.status == http.StatusGone {
		f.chain.Restart()
	}
	return err
}

// read takes the batches of one answer.
func (f *follower) read(ctx context.Context, body io.Reader, nonce string, sent time.Time) error {
	last, err := f.take(body, nonce)
	switch {
	case err == nil && last != nil && !last.More:
		return f.prove(last, sent)
	case err == nil:
		err = io.ErrUnexpectedEOF
	}
	if f.chain.Cursor() == "" {
		f.chain.Restart() // broken off within a snapshot
	}
	return f.rejected(ctx, err)
}

// take applies one batch after the other and returns the last.
func (f *follower) take(body io.Reader, nonce string) (last *feed.Batch, err error) {
	err = batches(body, func(text string) error {
		b, err := f.chain.Take(text, nonce, trusted{f})
		if err != nil {
			return err
		}
		f.apply(b)
		last = b
		return nil
	})
	return last, err
}

// rejected decides what an unusable batch is followed by.
func (f *follower) rejected(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, feed.ErrGap):
		f.log.Info("verify: the revocation feed does not continue; taking a snapshot")
		f.chain.Restart()
		return errAgain
	case errors.Is(err, jose.ErrUnknownKey):
		if renewed, _ := f.own.refresh(ctx, false); renewed {
			return errAgain
		}
		// Fetched lately, and yet another key: a restored issuer has new ones. Only
		// answers of the issuer lead here, no faster than failures are retried.
		_, _ = f.own.refresh(ctx, true)
	}
	return err
}

// apply adds what died. A new epoch keeps what the old one told until that
// expires (TH-12).
func (f *follower) apply(b *feed.Batch) {
	if b.Snapshot {
		f.remask(b.MaskKey)
	}
	f.live.Add(b.Entries)
	f.number.Store(b.To)
	for i := range b.Entries {
		if b.Entries[i].Kind == feed.Key {
			f.tokens.background.start(func(ctx context.Context) { _, _ = f.tokens.refresh(ctx, true) })
			break
		}
	}
	if b.At-f.swept >= sweepEvery {
		f.live.Sweep(b.At - int64(f.leeway/time.Second)) // by the feed's time, not ours (TH-15)
		f.swept = b.At
	}
}

// remask takes the audience's key. Entries under another key name nothing any
// more, and neither do the masks of tokens verified before.
func (f *follower) remask(key []byte) {
	if f.mask != nil && string(f.mask) == string(key) {
		return
	}
	if f.mask != nil {
		f.ready.Store(false)
		f.proof.Store(nil)
		f.begun.Add(1)
		f.live.Reset()
	}
	f.mask = append([]byte{}, key...)
	f.checker.SetMaskKey(key)
}

// prove notes that all that was numbered when the poll was sent is applied.
func (f *follower) prove(b *feed.Batch, sent time.Time) error {
	if !f.agrees(b.At, sent) {
		f.askew.Store(true)
		f.proof.Store(nil)
		return fmt.Errorf("%w: theirs is %s", ErrClock, time.Unix(b.At, 0).UTC().Format(time.RFC3339))
	}
	f.askew.Store(false)
	m := at(sent)
	f.proof.Store(&m)
	f.ready.Store(true)
	return nil
}

// agrees reports whether the feed signed at a time that, by our clock, lies
// between question and answer, give or take the leeway.
func (f *follower) agrees(signed int64, sent time.Time) bool {
	t := time.Unix(signed, 0)
	return !t.Before(sent.Add(-f.leeway-time.Second)) && !t.After(f.now().Add(f.leeway))
}

// trusted is the keys that may sign the feed: published for it, not for tokens as
// well, and not named by a kid entry (TH-19).
type trusted struct{ f *follower }

func (t trusted) Key(kid string) (jose.PublicKey, bool) {
	key, ok := t.f.own.Key(kid)
	if !ok {
		return key, false
	}
	if tokens, known := t.f.tokens.set(); known {
		for _, other := range tokens.Keys() {
			if other.Thumbprint() == key.Thumbprint() {
				return jose.PublicKey{}, false
			}
		}
	}
	return key, !t.f.names(&jwt.Access{KeyID: kid, UserVersion: highestVersion})
}

// highestVersion is of what no entry for everybody can end.
const highestVersion = 1<<63 - 1

// names reports whether an entry names the token. A widened set names everything
// and says nothing of one token.
func (f *follower) names(a *jwt.Access) bool {
	return !f.live.Widened() && f.checker.Names(a)
}
