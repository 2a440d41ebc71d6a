package feed

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/web"
)

var errAudience = problem.New(problem.Forbidden, "feed_audience", "This client is no verifier of that resource. Name it in the resource's verifiers, or name another audience.")

// writeIn is how long a follower may take for one batch.
const writeIn = 10 * time.Second

// follow answers one follower: batches in a JSON document, or as events.
func (s *surface) follow(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return web.ErrMethod.Becausef("allowed: GET, POST")
	}
	q, err := s.poll(r)
	if err != nil {
		return err
	}
	select {
	case s.open <- struct{}{}:
		defer func() { <-s.open }()
	default:
		return publish.ErrBusy
	}
	out := &writer{w: w, control: http.NewResponseController(w), now: s.Now}
	if events(r) {
		return s.Publisher.Stream(r.Context(), q, out.event)
	}
	if err := s.Publisher.Answer(r.Context(), q, out.batch); err != nil {
		return err
	}
	return out.end()
}

func events(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

// poll reads the question and who asks it.
func (s *surface) poll(r *http.Request) (q publish.Poll, err error) {
	_, audiences, err := s.Clients.Authenticate(r.Context(), r)
	if err != nil {
		return q, err
	}
	query := r.URL.Query()
	q = publish.Poll{
		Audience: query.Get("audience"), Cursor: query.Get("cursor"), Previous: query.Get("previous"),
		Nonce: query.Get("nonce"), Wait: publish.Heartbeat,
	}
	if q.Audience == "" && len(audiences) == 1 {
		q.Audience = audiences[0]
	}
	if !slices.Contains(audiences, q.Audience) {
		return q, errAudience
	}
	if query.Has("wait") {
		n, err := strconv.ParseUint(query.Get("wait"), 10, 8)
		if err != nil {
			return q, publish.ErrPoll.Because(err)
		}
		q.Wait = time.Duration(n) * time.Second
	}
	return q, nil
}

// writer writes batches as they come.
type writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
	begun   bool
}

// batch writes one more member of {"batches":[…]}.
func (o *writer) batch(text string) error {
	before := `,"`
	if !o.begun {
		o.w.Header().Set("Content-Type", "application/json")
		before = `{"batches":["`
	}
	return o.write(before + text + `"`) // base64url and dots: nothing to escape
}

func (o *writer) end() error { return o.write("]}\n") }

// event writes a server-sent event.
func (o *writer) event(text string) error {
	if !o.begun {
		o.w.Header().Set("Content-Type", "text/event-stream")
		o.w.Header().Set("X-Accel-Buffering", "no")
	}
	return o.write("data: " + text + "\n\n")
}

// write gives each batch its own time, because the whole has none.
func (o *writer) write(text string) error {
	o.begun = true
	// Where the connection knows no deadlines the server's own limit stays.
	_ = o.control.SetWriteDeadline(o.now().Add(writeIn + publish.MaxWait))
	if _, err := o.w.Write([]byte(text)); err != nil {
		return err
	}
	return o.control.Flush()
}
