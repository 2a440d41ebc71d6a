package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/mortise-auth/mortise/internal/idempotency"
	"github.com/mortise-auth/mortise/internal/web"
)

const keyHeader = "Idempotency-Key"

// once runs act, unless the request repeats one that carried the same key: then
// the kept answer is given again. Keys belong to a principal; requests nobody has
// signed in for have none, so theirs is ignored (TH-31).
func (s *surface) once(e *endpoint, c *Call, body []byte, act act) error {
	key := c.http.Header.Get(keyHeader)
	if key == "" || e.Method != http.MethodPost || e.Access == web.Anyone {
		a, err := e.answer(c.http.Context(), c, act)
		if err == nil {
			s.write(c.w, a)
		}
		return err
	}
	entry, err := s.entry(c, key, body)
	if err != nil {
		return err
	}
	ctx := c.http.Context()
	stored, fresh, err := s.Idempotency.Begin(ctx, entry, entry.CreatedAt.Add(-idempotency.Lease))
	if err != nil {
		return err
	}
	if !fresh {
		return s.repeat(c, stored, entry)
	}
	return s.first(ctx, e, c, entry, act)
}

// first runs act, well within its lease, and keeps its answer. An act that
// failed changed nothing, so its key may be used again.
func (s *surface) first(ctx context.Context, e *endpoint, c *Call, entry idempotency.Entry, act act) error {
	limited, cancel := context.WithTimeout(ctx, idempotency.Lease/2)
	defer cancel()
	ctx = context.WithoutCancel(ctx) // the act is done, whoever still listens
	done := false
	defer func() {
		if !done {
			s.abandon(ctx, entry)
		}
	}()
	a, err := e.answer(limited, c, act)
	if err != nil {
		return err
	}
	done = true
	var sealed []byte
	if !e.Once && len(c.head["Set-Cookie"]) == 0 {
		plain, err := json.Marshal(a)
		if err != nil {
			return err
		}
		sealed = s.Keys.Seal("answer", entry.Scope[:], plain)
	}
	if err := s.Idempotency.Finish(ctx, entry, a.Status, sealed); err != nil {
		s.Log.Warn("an answer was not kept for repetition", "error", err)
	}
	s.write(c.w, a)
	return nil
}

func (s *surface) abandon(ctx context.Context, entry idempotency.Entry) {
	if err := s.Idempotency.Abandon(ctx, entry); err != nil {
		s.Log.Warn("an idempotency key stays taken", "error", err)
	}
}

func (s *surface) repeat(c *Call, stored, asked idempotency.Entry) error {
	switch {
	case stored.Body != asked.Body:
		return idempotency.ErrMismatch
	case stored.Status == 0:
		return idempotency.ErrRunning
	case stored.Sealed == nil:
		return idempotency.ErrOnce
	}
	plain, err := s.Keys.Open("answer", stored.Scope[:], stored.Sealed)
	if err != nil {
		return err
	}
	var a reply
	if err := json.Unmarshal(plain, &a); err != nil {
		return err
	}
	c.head.Set("Idempotency-Replayed", "true")
	s.write(c.w, a)
	return nil
}

// entry names a request by MACs: the body may hold a password, and a plain
// digest of it would be something to guess against.
func (s *surface) entry(c *Call, key string, body []byte) (idempotency.Entry, error) {
	const most = 128
	if len(key) > most || len(c.http.Header.Values(keyHeader)) != 1 {
		return idempotency.Entry{}, idempotency.ErrBadKey
	}
	for _, b := range []byte(key) {
		if b < ' ' || b > '~' {
			return idempotency.Entry{}, idempotency.ErrBadKey
		}
	}
	principal := string(c.Caller.Actor.Type) + " " + c.Caller.Actor.ID
	scope := s.Keys.MAC("request", []byte(principal), []byte(c.http.Method), []byte(c.http.URL.RequestURI()), []byte(key))
	return idempotency.Entry{
		Scope: scope, Body: s.Keys.MAC("request-body", scope[:], body),
		CreatedAt: s.Now().UTC().Truncate(time.Microsecond),
	}, nil
}
