package password

import "time"

// Class says what a hash is for. Classes share the gate by weight, so that no
// kind of request can keep another out.
type Class uint8

const (
	SignIn      Class = iota // by a device not seen before with that account
	KnownDevice              // by a device with a valid cookie for that very account
	SignUp
	Change
	Reset
	Import
	ClientSecret // slow-hashed secrets of programs
	classes
)

// String is the class as metrics name it.
func (c Class) String() string {
	return [...]string{"sign_in", "known_device", "sign_up", "change", "reset", "import", "client_secret"}[c]
}

// Known devices weigh as much as everyone else together.
var weights = [classes]float64{SignIn: 4, KnownDevice: 12, SignUp: 1, Change: 2, Reset: 2, Import: 1, ClientSecret: 2}

// Ticket says who asks for a hash.
type Ticket struct {
	Class  Class
	Source string // client address; turns rotate over its network (/24, /48)
}

// Outcome is what became of one request, for metrics.
type Outcome struct {
	Class  Class
	Result Result
	Wait   time.Duration
}

// Waited reports whether there was somebody in front: the gate was crowded.
func (o Outcome) Waited() bool { return o.Result != Admitted || o.Wait > time.Millisecond }

// Result is how a request left the queue.
type Result string

const (
	Admitted Result = "admitted"
	Full     Result = "full" // no room in the queue, or displaced by a source with fewer waiters
	Late     Result = "late" // waited MaxWait
	Gone     Result = "gone" // its context ended
)
