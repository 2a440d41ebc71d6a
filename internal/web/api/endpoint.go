package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"golang.org/x/text/language"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/ratelimit"
	"github.com/mortise-auth/mortise/internal/web"
)

// endpoint is one line of the table that routes, decoder and document share.
type endpoint struct {
	Method, Path string // path below Prefix
	Access       web.Access
	Recent       bool // see web.Route
	Tag          string
	Name         string // of the operation, unique: users.create
	Summary      string
	Text         string // more than one line has room for
	Status       int    // of success; 0: 200, or 204 without an answer
	Once         bool   // the answer holds a secret: never kept for a repetition (TH-31)
	Body         int64  // most bytes; 0: maxBody
	Example      string // a body that is accepted
	Errors       []*problem.Error
	Admits       func(r *http.Request) bool // see web.Route

	req, resp reflect.Type
	handler   web.Handler
	accepts   func(body []byte) error
}

// none is the answer without content.
type none struct{}

// Call is one request and what its answer will carry beside the JSON.
type Call struct {
	*web.Request
	http *http.Request
	head http.Header // of the answer
	w    http.ResponseWriter
}

// route completes e with what answers it.
func route[Req, Resp any](s *surface, e endpoint, fn func(context.Context, *Call, Req) (Resp, error)) endpoint {
	_, empty := any(*new(Resp)).(none)
	e.complete(s, reflect.TypeFor[Req](), reflect.TypeFor[Resp](), empty, func() (any, act) {
		in := new(Req)
		return in, func(ctx context.Context, c *Call) (any, error) { return fn(ctx, c, *in) }
	})
	return e
}

// act is what an endpoint does with a request that was read.
type act func(ctx context.Context, c *Call) (any, error)

// complete is what endpoints have in common, whatever they are asked: everything that
// a request passes before its act, and an answer after it. fresh makes what a request
// is read into, with its act. Inlined it would be there once for each pair of types.
//
//go:noinline
func (e *endpoint) complete(s *surface, req, resp reflect.Type, empty bool, fresh func() (any, act)) {
	e.req, e.resp = req, resp
	if e.Body == 0 {
		e.Body = maxBody
	}
	if e.Status == 0 && empty {
		e.Status = http.StatusNoContent
	} else if e.Status == 0 {
		e.Status = http.StatusOK
	}
	e.accepts = func(body []byte) error {
		in, _ := fresh()
		return decode(body, in)
	}
	own := *e // e itself is copied into the table
	e.handler = func(w http.ResponseWriter, r *http.Request) error {
		in, act := fresh()
		body, err := own.shape().bind(w, r, own.Body, in)
		if err != nil {
			return err
		}
		c := &Call{Request: web.Of(r), http: r, head: w.Header(), w: w}
		if err := s.charge(r.Context(), c); err != nil {
			return err
		}
		return s.once(&own, c, body, act)
	}
}

// shape is how the request is filled.
func (e *endpoint) shape() shape { return shapeOf(e.req) }

// charge counts the request against the account that makes it, whatever
// addresses it comes from.
func (s *surface) charge(ctx context.Context, c *Call) error {
	if c.Identity == nil {
		return nil
	}
	d, err := s.Rates.Take(ctx, ratelimit.All(ratelimit.Key{Limit: ratelimit.APIAccount, Of: c.Identity.Subject}))
	if err != nil {
		return err
	}
	return d.Err()
}

// reply is an answer that can be kept and given again.
type reply struct {
	Status int               `json:"status"`
	Head   map[string]string `json:"head,omitempty"`
	Body   []byte            `json:"body,omitempty"`
}

// carried are the headers that belong to an answer.
var carried = []string{"ETag", "Location", "Link"}

func (e *endpoint) answer(ctx context.Context, c *Call, act act) (reply, error) {
	out, err := act(ctx, c)
	if err != nil {
		return reply{}, err
	}
	return e.reply(c, out)
}

func (e *endpoint) reply(c *Call, out any) (reply, error) {
	a := reply{Status: e.Status, Head: map[string]string{}}
	for _, name := range carried {
		if v := c.head.Get(name); v != "" {
			a.Head[name] = v
		}
	}
	if e.Status == http.StatusNoContent {
		return a, nil
	}
	body, err := json.Marshal(out)
	a.Body = append(body, '\n')
	return a, err
}

func (s *surface) write(w http.ResponseWriter, a reply) {
	for name, v := range a.Head {
		w.Header().Set(name, v)
	}
	if a.Body != nil {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.Status)
	if a.Body != nil {
		s.send(w, a.Body)
	}
}

// lang is the language for mails: what the person chose on our pages, else what
// their program asks for.
func (s *surface) lang(c *Call) string {
	wish := c.http.Header.Get("Accept-Language")
	if chosen, err := web.Cookie(c.http, s.Cookies.Names().Language); err == nil && chosen != "" {
		wish = chosen
	}
	const most = 256
	if len(wish) > most {
		return ""
	}
	tags, _, err := language.ParseAcceptLanguage(wish)
	if err != nil || len(tags) == 0 || tags[0] == language.Und {
		return ""
	}
	return tags[0].String()
}

// browser reports whether a browser sent the request on behalf of a page. Its
// flow secrets live in a cookie that no script can read.
func (c *Call) browser() bool {
	return c.http.Header.Get("Origin") != "" || c.http.Header.Get("Sec-Fetch-Site") != ""
}

// moment is a time in an answer: RFC 3339 in UTC, absent when zero.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// eventID is the wire form of an event's name in a cursor.
func eventID(text string) (id audit.ID, err error) {
	if text == "" {
		return id, nil
	}
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return id, errParameters.Because(err).WithFields(problem.Field{Pointer: "?after", Code: "bad_cursor", Message: "Use the value of next from the page before."})
	}
	return id, nil
}
