package audit

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
)

// ID names one event.
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "evt" }

// Severity tells whoever watches how much to care.
type Severity string

const (
	Info     Severity = "info"
	Notice   Severity = "notice"   // a person should be able to recognise it
	Warning  Severity = "warning"  // may be an attack or a mistake
	Critical Severity = "critical" // somebody should look now
)

// Outcome tells whether the act took place.
type Outcome string

const (
	Success Outcome = "success"
	Failure Outcome = "failure"
	Blocked Outcome = "blocked" // refused before it was tried
)

// Name is a declared event name, such as "login.succeeded".
type Name struct{ d *Definition }

// Definition is one line of the event catalogue.
type Definition struct {
	Name     string
	Severity Severity
	// Sentence tells the account's owner what happened, in English, in the
	// past tense and without a subject: "Signed in", "Password changed".
	// Empty: the event is not shown to account owners.
	Sentence string
}

var catalogue struct {
	sync.Mutex
	all map[string]*Definition
}

// Define declares an event name. It is meant for package-level variables and
// panics when a name is declared twice.
func Define(name string, s Severity, sentence string) Name {
	catalogue.Lock()
	defer catalogue.Unlock()
	if _, ok := catalogue.all[name]; ok {
		panic("audit: name declared twice: " + name)
	}
	if catalogue.all == nil {
		catalogue.all = make(map[string]*Definition)
	}
	d := &Definition{Name: name, Severity: s, Sentence: sentence}
	catalogue.all[name] = d
	return Name{d}
}

// Catalogue returns all declared names in order.
func Catalogue() []Definition {
	catalogue.Lock()
	defer catalogue.Unlock()
	all := make([]Definition, 0, len(catalogue.all))
	for _, d := range catalogue.all {
		all = append(all, *d)
	}
	slices.SortFunc(all, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Lookup returns the definition of a stored name.
func Lookup(name string) (Definition, bool) {
	catalogue.Lock()
	defer catalogue.Unlock()
	if d, ok := catalogue.all[name]; ok {
		return *d, true
	}
	return Definition{}, false
}

// String is the dotted name.
func (n Name) String() string {
	if n.d == nil {
		return ""
	}
	return n.d.Name
}

// ActorType says what kind of thing acted.
type ActorType string

const (
	ActorAnonymous ActorType = "anonymous"
	ActorUser      ActorType = "user"
	ActorClient    ActorType = "client" // a program that authenticated as itself
	ActorHost      ActorType = "host"   // somebody with a shell on the machine
	ActorSystem    ActorType = "system" // Mortise itself: sweeps, expiries
)

// Actor is who acted. ID is the user's for ActorUser, the client_id for
// ActorClient, and empty otherwise.
type Actor struct {
	Type ActorType
	ID   string
}

// Source is where a request came from, as far as trusted proxies tell.
type Source struct {
	IP        string // without port; empty for the host and the system
	UserAgent string // at most 256 bytes
	Place     string // approximate, from local data only; often empty
	RequestID string
	TraceID   string // W3C trace id; events carry it as the detail trace_id
}

// Event is one thing that happened (AU-20). Subject is the id of what it
// happened to, most often a user; a zero Time or ID is filled in by At.
type Event struct {
	ID       ID
	Time     time.Time
	Sequence int64 // assigned by the engine
	Name     string
	Severity Severity
	Outcome  Outcome
	Reason   string // a stable code, for failures mostly
	Actor    Actor
	Subject  string
	Session  string // ses_… id, which is a name and not the secret
	Client   string
	Source   Source
	Details  map[string]string // names and bounded values, never secrets
}

// New starts an event that succeeded. Set what differs on the result.
func New(n Name, now time.Time, by Actor, from Source, subject string) Event {
	e := Event{
		ID: id.New[noun](now), Time: now.UTC().Truncate(time.Microsecond),
		Name: n.d.Name, Severity: n.d.Severity, Outcome: Success,
		Actor: by, Source: from, Subject: subject,
	}
	if from.TraceID != "" {
		return e.With("trace_id", from.TraceID)
	}
	return e
}

// Failed returns a copy of e with an unhappy outcome and its true reason.
func (e Event) Failed(o Outcome, reason string) Event {
	e.Outcome, e.Reason = o, reason
	return e
}

// With returns a copy of e with one more detail.
func (e Event) With(key, value string) Event {
	d := make(map[string]string, len(e.Details)+1)
	for k, v := range e.Details {
		d[k] = v
	}
	const limit = 256
	if len(value) > limit {
		value = strings.ToValidUTF8(value[:limit], "")
	}
	d[key] = value
	e.Details = d
	return e
}

// InSession returns a copy of e that names the session it happened in.
func (e Event) InSession(session string) Event {
	e.Session = session
	return e
}

// Query selects events, newest first: by sequence, so that the events of one act
// keep their order.
type Query struct {
	ID      ID     // exact; zero for all
	Subject string // exact; empty for all
	Name    string // exact; empty for all
	Before  ID     // only events older than this one, none if it is unknown; zero for the newest
	Limit   int    // 1 to 200
}
