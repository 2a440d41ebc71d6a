package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/verify"
)

var audienceKey = []byte("the audience's key, of 32 bytes.")

// scattered is a value as random as a masked one.
func scattered(n int) (v [16]byte) {
	binary.LittleEndian.PutUint64(v[:], uint64(n+1)*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(v[8:], uint64(n+1)*0xd1342543de82ef95)
	return v
}

// revocations are n entries of all kinds but Instance.
func revocations(n int) []feed.Entry {
	until := time.Now().Unix() + 900
	entries := make([]feed.Entry, n)
	for i := range entries {
		e := feed.Entry{Kind: feed.Session + feed.Kind(i%int(feed.Token)), Value: scattered(i), Until: until + int64(i%60)}
		if e.Kind == feed.Subject || e.Kind == feed.Client {
			e.Version = int64(i%9) + 1
		}
		entries[i] = e
	}
	return entries
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// liveSet fills a live set and asks it about tokens that are not in it: so many that
// what each needs has left the processor's nearest memory when its turn comes again.
func (b *bench) liveSet(entries []feed.Entry) (*feed.Set, error) {
	before := heap()
	live := feed.NewSet(1 << 20)
	live.Add(entries)
	held := heap() - before
	questions := make([]feed.Question, 1<<14)
	for i := range questions {
		n := len(entries) + 10*i
		questions[i] = feed.Question{
			Session: scattered(n), Grant: scattered(n + 1), Subject: scattered(n + 2), Client: scattered(3*len(entries) + n%50),
			Key: scattered(4 * len(entries)), Token: scattered(n + 4), SubjectVersion: 100, ClientVersion: 100,
		}
	}
	ours := &contender{name: "live set", do: func(n int) error {
		if live.Revoked(&questions[n%len(questions)]) {
			return errors.New("revoked")
		}
		return nil
	}}
	if err := b.race(len(questions), []*contender{ours}); err != nil {
		return nil, err
	}
	ns := ours.typical()
	b.add(row{
		fmt.Sprintf("revocation check, %d live entries, token not revoked", live.Len()), fmt.Sprintf("%.0f ns, %.0f allocations, %s", ns, ours.objs, mib(held)),
		"–", "–", "≤ 100 ns, ≤ 64 MB", judge(ns <= 100 && ours.objs == 0 && held <= 64_000_000),
	})
	return live, nil
}

// follow makes a Verifier that follows the entries, as a service would.
func follow(ctx context.Context, i *issuer, entries []feed.Entry) (*verify.Verifier, error) {
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		return nil, err
	}
	return verify.New(ctx, tokenIssuer, verify.Audience(tokenAudience), verify.Credentials("api", "secret"),
		verify.At(verify.Endpoints{
			JWKS: tokenIssuer + "/jwks", Revocations: tokenIssuer + "/feed", RevocationKeys: tokenIssuer + "/feed/keys",
		}),
		verify.HTTPClient(&http.Client{Transport: &publisher{tokens: i.key.Public(), feed: key, entries: entries}}),
		verify.Logger(slog.New(slog.DiscardHandler)))
}

// publisher answers a Verifier without a socket.
type publisher struct {
	tokens  jose.PublicKey
	feed    jose.PrivateKey
	entries []feed.Entry
}

func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	body, w := io.Pipe()
	go func() { w.CloseWithError(p.answer(w, r)) }()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, ContentLength: -1, Request: r}, nil
}

func (p *publisher) answer(w io.Writer, r *http.Request) error {
	q := r.URL.Query()
	switch r.URL.Path {
	case "/jwks":
		_, err := w.Write(jose.NewKeySet(p.tokens).JSON())
		return err
	case "/feed/keys":
		_, err := w.Write(jose.NewKeySet(p.feed.Public()).JSON())
		return err
	}
	head := int64(len(p.entries))
	one := feed.Batch{Nonce: q.Get("nonce"), From: head, To: head, Previous: q.Get("previous")}
	if q.Get("cursor") != "" {
		if q.Get("wait") == "1" {
			pause(r.Context(), time.Second)
		}
		return errors.Join(p.write(w, `{"batches":[`, &one), end(w))
	}
	one.From, one.Snapshot, one.MaskKey = 0, true, audienceKey
	before := `{"batches":[`
	for rest := p.entries; ; before = "," {
		one.Entries = rest[:min(feed.MaxEntries, len(rest))]
		rest = rest[len(one.Entries):]
		one.More = len(rest) > 0
		if err := p.write(w, before, &one); err != nil {
			return err
		}
		if !one.More {
			return end(w)
		}
	}
}

func end(w io.Writer) error {
	_, err := io.WriteString(w, "]}\n")
	return err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// write signs a batch and makes it the previous one.
func (p *publisher) write(w io.Writer, before string, one *feed.Batch) error {
	one.Issuer, one.Audience, one.Epoch, one.At = tokenIssuer, tokenAudience, "bench", time.Now().Unix()
	one.Cursor = fmt.Sprintf("%s:%d", one.Epoch, one.To)
	payload, err := one.Payload()
	if err != nil {
		return err
	}
	text, err := p.feed.Sign(feed.Type, payload)
	if err != nil {
		return err
	}
	one.Previous = feed.Digest(text)
	_, err = fmt.Fprintf(w, `%s"%s"`, before, text)
	return err
}

// seen checks a token again, with a million live entries it is not among: by the
// Checker, and as a service does that follows them and gets a request.
func (b *bench) seen(i *issuer, live *feed.Set, entries []feed.Entry) error {
	text, err := i.mint(0)
	if err != nil {
		return err
	}
	checker, err := newChecker(i, live)
	if err != nil {
		return err
	}
	follower, err := follow(b.ctx, i, entries)
	if err != nil {
		return err
	}
	defer follower.Close()
	for follower.Health() != nil && b.ctx.Err() == nil { // a first snapshot as large as this takes seconds
		pause(b.ctx, 20*time.Millisecond)
	}
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, tokenAudience, http.NoBody)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+text)
	var memory floor.Seen
	claims, err := floor.Token(text, i.signer.Public(), time.Now())
	if err != nil {
		return err
	}
	memory.Add(text, claims)
	bare := &contender{name: "floor", do: func(int) error { _, err := memory.Check(text, time.Now()); return err }}
	checked := &contender{name: "verify a token seen before", do: func(int) error { _, err := checker.Check(text); return err }}
	request := &contender{name: "Authenticate a request with a token seen before", do: func(int) error {
		_, err := follower.Authenticate(b.ctx, r)
		return err
	}}
	if err := b.race(50_000, []*contender{checked, bare, request}); err != nil {
		return err
	}
	for _, c := range []*contender{checked, request} {
		ns := c.typical()
		b.add(row{
			fmt.Sprintf("%s, %d live revocations", c.name, follower.Status().Live), fmt.Sprintf("%.0f ns, %.0f allocations", ns, c.objs),
			fmt.Sprintf("%.0f ns (SHA-256, map)", bare.typical()), times(ns / bare.typical()), "≤ 1 µs, ≤ 2 allocations", judge(ns <= 1000 && c.objs <= 2),
		})
	}
	b.note("the token seen before has %d bytes", len(text))
	return nil
}
