package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Bounds of introspection.
const (
	introspectWithin = 2 * time.Second
	maxAnswers       = 4096
	maxAnswerBytes   = 16 << 20
)

var (
	errNoIntrospection = errors.New("introspection is not available")
	errCapped          = errors.New("introspection is at its rate")
	errBroken          = errors.New("introspection failed too often just now")
)

// introspector asks the issuer about single tokens: one question in flight per
// token, a capped rate, a breaker (TH-18). An answer may be used again until the
// staleness bound has passed since the question was sent, which is no longer than
// a revocation may go unnoticed anyway (TH-10); beside it the live set is asked
// each time.
type introspector struct {
	fetch      *fetcher
	id, secret string
	now        func() time.Time
	keep       time.Duration
	rate       *bucket
	broken     breaker
	background *background

	mu      sync.Mutex
	address string
	flights map[[32]byte]*flight[*answer]
	known   map[[32]byte]*known
	size    int

	asked int64 // guarded by mu
}

// known is an answer with the moment that counts for its age.
type known struct {
	*answer
	sent  moment
	bytes int
}

func newIntrospector(s *settings, f *fetcher, b *background) *introspector {
	return &introspector{
		fetch: f, id: s.id, secret: s.secret, now: s.now, keep: s.staleness, rate: newBucket(s.rate), background: b,
		flights: make(map[[32]byte]*flight[*answer]), known: make(map[[32]byte]*known),
	}
}

// at sets the endpoint, once the issuer has told it.
func (i *introspector) at(address string) {
	i.mu.Lock()
	i.address = address
	i.mu.Unlock()
}

// ask returns what the issuer says about token, now or within the bound. Errors
// mean that nobody can tell.
func (i *introspector) ask(ctx context.Context, token string) (*answer, error) {
	key := sha256.Sum256([]byte(token))
	now := i.now()
	i.mu.Lock()
	if k := i.known[key]; k != nil {
		if k.sent.within(now, i.keep) {
			i.mu.Unlock()
			return k.answer, nil
		}
		i.forget(key, k)
	}
	f := i.flights[key]
	if f == nil {
		if err := i.allow(now); err != nil {
			i.mu.Unlock()
			return nil, err
		}
		f = newFlight[*answer]()
		i.flights[key] = f
		i.asked++
		address := i.address
		i.background.start(func(life context.Context) { i.fly(life, f, key, address, token) })
	}
	i.mu.Unlock()
	return f.wait(ctx)
}

func (i *introspector) allow(now time.Time) error {
	switch {
	case i.address == "" || i.id == "":
		return errNoIntrospection
	case !i.broken.allow(now):
		return errBroken
	case !i.rate.take(now):
		return errCapped
	}
	return nil
}

func (i *introspector) fly(life context.Context, f *flight[*answer], key [32]byte, address, token string) {
	sent := i.now()
	a, size, err := i.request(life, address, token)
	i.broken.report(i.now(), err == nil)
	i.mu.Lock()
	delete(i.flights, key)
	if err == nil {
		i.remember(key, &known{answer: a, sent: at(sent), bytes: size + 256})
	}
	i.mu.Unlock()
	f.land(a, err)
}

func (i *introspector) request(ctx context.Context, address, token string) (*answer, int, error) {
	ctx, cancel := context.WithTimeout(ctx, introspectWithin)
	defer cancel()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	basic(req, i.id, i.secret)
	body, header, err := i.fetch.do(req, maxIntrospection)
	if err != nil {
		return nil, 0, err
	}
	if !isJSON(header) {
		return nil, 0, errors.New("introspection answered something else than JSON")
	}
	a, err := parseAnswer(body)
	return a, len(body), err
}

// basic is client_secret_basic: both parts are form-encoded first (RFC 6749,
// section 2.3.1).
func basic(req *http.Request, id, secret string) {
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
}

// remember keeps an answer; when there is no room, any others go.
func (i *introspector) remember(key [32]byte, k *known) {
	for old, entry := range i.known {
		if len(i.known) < maxAnswers && i.size+k.bytes <= maxAnswerBytes {
			break
		}
		i.forget(old, entry)
	}
	if old := i.known[key]; old != nil {
		i.forget(key, old)
	}
	i.known[key] = k
	i.size += k.bytes
}

func (i *introspector) forget(key [32]byte, k *known) {
	delete(i.known, key)
	i.size -= k.bytes
}

func (i *introspector) count() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}
