package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/mortise-auth/mortise/internal/clientaddr"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/verify"
)

// Request is what the chain found out about a request before its handler runs.
// It belongs to the request's goroutine.
type Request struct {
	ID       string
	Client   clientaddr.Client
	Caller   user.Caller
	Identity *verify.Identity // nil: nobody is signed in
	Secret   string           // value of the session cookie, whoever it opens
	Token    bool             // an access token identified the caller, not a cookie
	Host     bool             // came by the socket in the data folder
	Nonce    string           // for the policy of pages
	Why      string           // code under which the refusal of this request is explained

	kind     string // of the credential presented; empty: none
	clientID string // whose it is said to be, or is

	routes  []http.Handler // of the Frame it entered
	started time.Time
	source  string // of Client, as limits count it
	pattern string
	access  Access
	fields  []slog.Attr
	passed  []string  // the checks behind us, in order
	space   [6]string // for them
	err     error
	span    trace.Span // nil when nobody traces
	trace   string     // its trace id
}

type requestKey struct{}

// Of returns what the chain found out about r. It panics outside the chain.
func Of(r *http.Request) *Request { return r.Context().Value(requestKey{}).(*Request) }

func with(r *http.Request, q *Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
}

// Note adds a field to the one line that is logged for this request.
func (q *Request) Note(a slog.Attr) { q.fields = append(q.fields, a) }

// Presents notes for the explanation of a refusal what kind of credential was
// presented, and which client's it is when that is known or claimed.
func (q *Request) Presents(kind, clientID string) { q.kind, q.clientID = kind, clientID }

// Refused tells the log and the metrics about an error that the handler answers
// by itself, such as a form shown again with what is wrong about it.
func (q *Request) Refused(err error) { q.err = err }
