package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind says what sort of answer an Error deserves. The zero Kind is Internal,
// so an error nobody classified is never blamed on the caller.
type Kind uint8

const (
	Internal             Kind = iota // 500
	Invalid                          // 400: the request cannot be understood
	Unauthenticated                  // 401
	Forbidden                        // 403
	NotFound                         // 404
	MethodNotAllowed                 // 405
	Conflict                         // 409
	Gone                             // 410: it existed and is over
	TooLarge                         // 413
	UnsupportedMediaType             // 415
	Misdirected                      // 421: this host is not ours
	Unprocessable                    // 422: understood and refused
	Limited                          // 429
	Unavailable                      // 503
)

var statuses = [...]int{500, 400, 401, 403, 404, 405, 409, 410, 413, 415, 421, 422, 429, 503}

// Status is the HTTP status code that answers k.
func (k Kind) Status() int { return statuses[k] }

// Field is one fault in one member of the input, named by JSON pointer (or, on
// a page, by the id of the form field after the slash).
type Field struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is a refusal or failure with a public and a private face.
// Errors are immutable: the With and Because methods return copies.
type Error struct {
	Kind       Kind
	Code       string        // snake_case, stable, part of the public contract
	Public     string        // one or two sentences in English: what happened, what to do
	RetryAfter time.Duration // for Limited and Unavailable; rounded up to seconds when sent
	Fields     []Field
	cause      error
	wanted     string // private, like the cause
	got        string
}

var catalogue struct {
	sync.Mutex
	all map[string]*Error
}

// New declares a sentinel. It is meant for package-level variables and panics
// when a code is declared twice with different words, because a code is a
// promise and has one meaning.
func New(k Kind, code, public string) *Error {
	catalogue.Lock()
	defer catalogue.Unlock()
	if old, ok := catalogue.all[code]; ok && (old.Public != public || old.Kind != k) {
		panic("problem: code declared twice: " + code)
	}
	if catalogue.all == nil {
		catalogue.all = make(map[string]*Error)
	}
	e := &Error{Kind: k, Code: code, Public: public}
	catalogue.all[code] = e
	return e
}

// Catalogue returns every declared error, sorted by code.
func Catalogue() []*Error {
	catalogue.Lock()
	defer catalogue.Unlock()
	all := make([]*Error, 0, len(catalogue.all))
	for _, e := range catalogue.all {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Error) int { return strings.Compare(a.Code, b.Code) })
	return all
}

// Lookup returns the declared error with this code.
func Lookup(code string) (*Error, bool) {
	catalogue.Lock()
	defer catalogue.Unlock()
	e, ok := catalogue.all[code]
	return e, ok
}

// Error is for logs. It includes the cause and must not be shown to a stranger.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Code
	}
	return e.Code + ": " + e.cause.Error()
}

// Unwrap returns the private cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// Is matches by Code, so a copy made by Because is still its sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because returns a copy of e with a private cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Becausef is Because with a formatted cause.
func (e *Error) Becausef(format string, args ...any) *Error {
	return e.Because(fmt.Errorf(format, args...))
}

// Comparing returns a copy of e that knows what was wanted and what was found,
// for whoever may read why (never for the answer). Neither may be a secret.
func (e *Error) Comparing(wanted, got string) *Error {
	c := *e
	c.wanted, c.got = wanted, got
	return &c
}

// Compared returns what Comparing was told.
func (e *Error) Compared() (wanted, got string) { return e.wanted, e.got }

// After returns a copy of e that asks the caller to wait.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// WithFields returns a copy of e that names the faulty members of the input.
func (e *Error) WithFields(f ...Field) *Error {
	c := *e
	c.Fields = append(slices.Clone(e.Fields), f...)
	return &c
}

// WithPublic returns a copy of e with another public sentence, for the few
// errors whose sentence carries a value (a limit, the name of a field).
// The value must be safe for a stranger to read.
func (e *Error) WithPublic(format string, args ...any) *Error {
	c := *e
	c.Public = fmt.Sprintf(format, args...)
	return &c
}

// ErrInternal stands for everything nobody foresaw.
var ErrInternal = New(Internal, "internal", "Something went wrong on our side. Try again; if it keeps happening, give the request id to an administrator.")

// Of returns the Error inside err; an error that carries none becomes
// ErrInternal because of err. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal.Because(err)
}
