package oidc

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/egress"
	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/federation/oauth2"
)

// Bounds of what is kept of others' documents (JW-45).
const (
	maxDocument  = 256 << 10 // bytes of one
	maxDocuments = 256       // of each kind
	fetchTime    = 5 * time.Second

	usualLife = time.Hour
	leastLife = 5 * time.Minute
	mostLife  = 6 * time.Hour
	staleLife = 24 * time.Hour   // a document that cannot be fetched anew serves on
	rest      = time.Minute      // between looks for a key that is not there
	retry     = 10 * time.Second // after a look that failed
)

// documents keeps what parse makes of documents, by address. Of one address there
// is one fetch at a time; those who wait for it share what it brings.
type documents[T any] struct {
	http  oauth2.HTTP
	now   func() time.Time
	parse func(body []byte) (T, error)

	mu  sync.Mutex
	all map[string]*document[T]
}

type document[T any] struct {
	turn chan struct{} // holds one, taken by whoever fetches

	mu      sync.Mutex
	value   T
	etag    string
	fetched time.Time // zero: never
	fresh   time.Time // until when it need not be asked for
	looked  time.Time // when it last was
	renewed time.Time // when it last was though it was fresh
	fault   error     // of the last look
	used    time.Time
}

func newDocuments[T any](http oauth2.HTTP, now func() time.Time, parse func([]byte) (T, error)) *documents[T] {
	return &documents[T]{http: http, now: now, parse: parse, all: map[string]*document[T]{}}
}

// get is what stands at address, as new as it need be.
func (d *documents[T]) get(ctx context.Context, address string) (T, error) {
	return d.read(ctx, address, false)
}

// renewed is what stands at address, fetched anew unless it was within the last rest
// for this very reason. That it was fetched because it was old does not count:
// providers turn their keys a moment later too, and make some when first used.
func (d *documents[T]) renewed(ctx context.Context, address string) (T, error) {
	return d.read(ctx, address, true)
}

func (d *documents[T]) read(ctx context.Context, address string, anew bool) (T, error) {
	one := d.entry(address)
	if v, ok := one.have(d.now(), anew); ok {
		return v, nil
	}
	var none T
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return none, federation.ErrUpstream.Because(ctx.Err())
	}
	now := d.now()
	if v, ok := one.have(now, anew); ok { // of whoever had the turn before
		return v, nil
	}
	if !one.resting(now) {
		d.fetch(ctx, address, one)
		if ctx.Err() != nil {
			return none, federation.ErrUpstream.Because(ctx.Err())
		}
	}
	return one.best(now)
}

// entry is the document at address; the one least lately used makes room for it.
func (d *documents[T]) entry(address string) *document[T] {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	one := d.all[address]
	if one == nil {
		d.makeRoom()
		one = &document[T]{turn: make(chan struct{}, 1)}
		d.all[address] = one
	}
	one.used = now
	return one
}

func (d *documents[T]) makeRoom() {
	for len(d.all) >= maxDocuments {
		oldest, at := "", time.Time{}
		for address, one := range d.all {
			if oldest == "" || one.used.Before(at) {
				oldest, at = address, one.used
			}
		}
		delete(d.all, oldest)
	}
}

func (d *document[T]) have(now time.Time, anew bool) (v T, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	until := d.fresh
	if anew {
		until = d.renewed.Add(rest)
	}
	if d.fetched.IsZero() || !now.Before(until) {
		return v, false
	}
	return d.value, true
}

// resting reports whether the last look failed a moment ago.
func (d *document[T]) resting(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fault != nil && now.Before(d.looked.Add(retry))
}

// best is what there is after a look: what it brought, or what is not too old.
func (d *document[T]) best(now time.Time) (T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault != nil && (d.fetched.IsZero() || !now.Before(d.fetched.Add(staleLife))) {
		var none T
		return none, d.fault
	}
	return d.value, nil
}

// fetch looks at address and notes in one what came of it. When whoever asked leaves
// meanwhile nothing is noted: it is nobody's fault.
func (d *documents[T]) fetch(ctx context.Context, address string, one *document[T]) {
	one.mu.Lock()
	etag := one.etag
	one.mu.Unlock()
	within, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	h := map[string][]string{"Accept": {"application/json"}}
	if etag != "" {
		h["If-None-Match"] = []string{etag}
	}
	now := d.now()
	resp, err := d.http.Do(within, egress.Request{URL: address, Header: h, MaxBytes: maxDocument})
	if ctx.Err() != nil {
		return
	}
	var value T
	unchanged := false
	switch {
	case err != nil:
		err = oauth2.Unreachable(err)
	case resp.Status == 304 && etag != "":
		unchanged = true
	case resp.Status != 200:
		err = federation.ErrUpstream.Becausef("%.200s answered %d", address, resp.Status)
	default:
		value, err = d.parse(resp.Body)
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.looked, one.fault = now, err
	if now.Before(one.fresh) {
		one.renewed = now
	}
	if err != nil {
		return
	}
	if !unchanged {
		one.value = value
	}
	one.fetched, one.fresh = now, now.Add(life(resp.Header.Get("Cache-Control"), resp.Header.Get("Age")))
	if tag := resp.Header.Get("ETag"); len(tag) <= 256 {
		one.etag = tag
	}
}

// life is how long an answer need not be asked for again.
func life(control, age string) time.Duration {
	d := usualLife
	for directive := range strings.SplitSeq(control, ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return leastLife
		case "max-age":
			if n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				d = time.Duration(n) * time.Second
			}
		}
	}
	if n, err := strconv.ParseUint(age, 10, 31); err == nil {
		d -= time.Duration(n) * time.Second
	}
	return min(max(d, leastLife), mostLife)
}
