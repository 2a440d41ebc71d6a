package publish

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/revocation"
	"github.com/mortise-auth/mortise/internal/secret"
)

const (
	// MaxWait bounds how long a poll may wait for news.
	MaxWait = 20 * time.Second
	// Heartbeat is how long a poll waits where it does not say, and how often a
	// stream says that nothing happened.
	Heartbeat = time.Second

	pageMost = 1000 // entries read from the store at once
	proofIn  = 2 * time.Second
)

// Poll is one question of a follower that was authenticated for Audience.
type Poll struct {
	Audience string
	Cursor   string // of the last batch taken; empty asks for a snapshot
	Previous string // feed.Digest of that batch
	Nonce    string // fresh, 16 to 128 characters
	Wait     time.Duration
}

func (q *Poll) valid() bool {
	return q.Audience != "" && len(q.Nonce) >= 16 && len(q.Nonce) <= 128 && len(q.Previous) <= 64 &&
		(q.Cursor == "") == (q.Previous == "") && q.Wait >= 0 && q.Wait <= MaxWait
}

// Emit takes one signed batch, to be delivered at once.
type Emit func(text string) error

// Answer emits the batches that answer q: a snapshot in parts, what is new, or,
// when nothing is by the end of Wait, an empty one. Errors: ErrPoll, ErrGone,
// ErrBusy, all before the first batch unless a snapshot breaks off.
func (p *Publisher) Answer(ctx context.Context, q Poll, emit Emit) error {
	a, err := p.open(ctx, q, emit)
	if err != nil {
		return err
	}
	if q.Cursor == "" {
		return a.snapshot(ctx)
	}
	return a.tail(ctx, q.Wait)
}

// answer is one follower's chain while it is being answered.
type answer struct {
	p      *Publisher
	q      Poll
	emit   Emit
	at     cursor // of the last batch emitted or, at first, taken
	digest string // of that batch
}

// open checks where the follower stands.
func (p *Publisher) open(ctx context.Context, q Poll, emit Emit) (*answer, error) {
	arrived := p.o.Now()
	a := &answer{p: p, q: q, emit: emit, digest: q.Previous}
	if !q.valid() {
		return nil, ErrPoll
	}
	if q.Cursor == "" {
		return a, nil
	}
	var err error
	if a.at, err = p.readCursor(q.Audience, q.Cursor); err != nil {
		return nil, p.gone(err)
	}
	proof, cancel := context.WithTimeout(ctx, proofIn)
	defer cancel()
	now, err := p.current(proof, arrived)
	switch {
	case err != nil:
		return nil, err
	case a.at.epoch != now.epoch:
		return nil, p.gone(ErrGone)
	case a.at.number > now.head:
		return nil, p.ahead(ctx, a.at)
	}
	return a, nil
}

func (p *Publisher) gone(err error) error {
	if errors.Is(err, ErrGone) {
		p.counts.gone.Add(1)
	}
	return err
}

// ahead begins a new epoch when the store has indeed lost what c was given for:
// the MAC says that this issuer gave it out (TH-12).
func (p *Publisher) ahead(ctx context.Context, c cursor) error {
	head, epoch, err := p.o.Store.Head(ctx)
	if err != nil {
		return ErrBusy.Because(err)
	}
	if epoch == c.epoch && c.number > head {
		p.o.Log.Error("the store lost revocations that a follower has; all tokens issued before now end", "number", c.number, "head", head)
		if err := p.o.Store.Rewound(ctx, epoch, newEpoch(), p.o.Now()); err != nil {
			return ErrBusy.Because(err)
		}
		p.o.Wake()
	}
	return p.gone(ErrGone)
}

// newEpoch is a name that no epoch ever had.
func newEpoch() string {
	b := make([]byte, 16)
	secret.Fill(b)
	return hex.EncodeToString(b)
}

// tail emits what is new since a.at, waiting for it if there is nothing yet.
func (a *answer) tail(ctx context.Context, wait time.Duration) error {
	late := time.NewTimer(wait)
	defer late.Stop()
	for over := wait == 0; ; {
		a.p.mu.Lock()
		moved := a.p.moved
		a.p.mu.Unlock()
		s, ok := a.p.since(a.q.Audience, a.at.epoch, a.at.number)
		if !ok {
			return a.stored(ctx)
		}
		if over || len(s.entries) > 0 {
			return a.batches(ctx, s, false)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			over = true
		case <-moved:
		}
	}
}

// batches emits a stretch in as many batches as it takes.
func (a *answer) batches(ctx context.Context, s seen, more bool) error {
	for len(s.entries) > feed.MaxEntries {
		part := seen{s.from, s.numbers[feed.MaxEntries-1], nil, s.entries[:feed.MaxEntries]}
		if err := a.send(ctx, part, true); err != nil {
			return err
		}
		s = seen{part.to, s.to, s.numbers[feed.MaxEntries:], s.entries[feed.MaxEntries:]}
	}
	return a.send(ctx, s, more)
}

func (a *answer) send(ctx context.Context, s seen, more bool) error {
	a.at.number = s.to
	if len(s.entries) == 0 {
		a.p.counts.empty.Add(1)
	} else {
		a.p.counts.tail.Add(1)
	}
	return a.sign(ctx, feed.Batch{From: s.from, To: s.to, More: more, Entries: s.entries})
}

// stored emits from the store what memory no longer reaches.
func (a *answer) stored(ctx context.Context) error {
	mask := feed.NewMasker(a.p.maskKey(a.q.Audience))
	for {
		swept, err := a.p.o.Store.Swept(ctx)
		if err != nil {
			return ErrBusy.Because(err)
		}
		head, epoch, err := a.p.o.Store.Head(ctx)
		switch {
		case err != nil:
			return ErrBusy.Because(err)
		case a.at.number < swept || epoch != a.at.epoch:
			return a.p.gone(ErrGone)
		}
		entries, err := a.p.o.Store.Since(ctx, a.at.number, pageMost)
		if err != nil {
			return ErrBusy.Because(err)
		}
		s := stretch(a.q.Audience, mask, a.at.number, entries)
		if len(entries) < pageMost {
			s.to = max(s.to, head)
			return a.batches(ctx, s, false)
		}
		if err := a.batches(ctx, s, true); err != nil {
			return err
		}
	}
}

func stretch(audience string, mask *feed.Masker, from int64, entries []revocation.Entry) seen {
	v := view{mask: mask, upto: from}
	for i := range entries {
		v.add(audience, &entries[i])
	}
	return seen{from, v.upto, v.numbers, v.entries}
}

// snapshot emits all that lives, a part at a time: no more is ever in memory. A
// part is emitted when the next one has begun, so that the last is known.
func (a *answer) snapshot(ctx context.Context) error {
	select {
	case a.p.snapshots <- struct{}{}:
		defer func() { <-a.p.snapshots }()
	default:
		return ErrBusy
	}
	key := a.p.maskKey(a.q.Audience)
	mask := feed.NewMasker(key)
	part := make([]feed.Entry, 0, feed.MaxEntries)
	err := a.p.o.Store.Snapshot(ctx, a.p.o.Now(), func(number int64, epoch string, page []revocation.Entry) error {
		a.at = cursor{epoch, number}
		for i := range page {
			e, ok := shown(a.q.Audience, mask, &page[i])
			if !ok {
				continue
			}
			if len(part) == feed.MaxEntries {
				if err := a.part(ctx, key, part, true); err != nil {
					return err
				}
				part = part[:0]
			}
			part = append(part, e)
		}
		return nil
	})
	if err != nil {
		return ErrBusy.Because(err)
	}
	return a.part(ctx, key, part, false)
}

func (a *answer) part(ctx context.Context, key []byte, entries []feed.Entry, more bool) error {
	a.p.counts.snapshot.Add(1)
	return a.sign(ctx, feed.Batch{To: a.at.number, Snapshot: true, More: more, MaskKey: key, Entries: entries})
}

// sign completes a batch, chains it to the one before and emits it.
func (a *answer) sign(ctx context.Context, b feed.Batch) error {
	b.Issuer, b.Audience, b.Epoch, b.Nonce = a.p.o.Issuer, a.q.Audience, a.at.epoch, a.q.Nonce
	b.Previous, b.At, b.Cursor = a.digest, a.p.o.Now().Unix(), a.p.cursorText(a.q.Audience, a.at)
	payload, err := b.Payload()
	if err != nil {
		return err
	}
	text, err := a.p.o.Sign(ctx, feed.Type, payload)
	if err != nil {
		return ErrBusy.Because(err)
	}
	a.digest = feed.Digest(text)
	a.p.counts.entries.Add(uint64(len(b.Entries)))
	return a.emit(text)
}
