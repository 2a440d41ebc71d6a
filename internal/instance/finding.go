package instance

// Severity says how bad a Finding is.
type Severity string

const (
	Problem Severity = "problem" // something does not hold that is promised
	Notice  Severity = "notice"  // it holds, with a limit that an operator should know
)

// Finding is one thing that mortise doctor found. Its number is documented in
// docs/doctor.md and never means anything else.
type Finding struct {
	Number   string // MD-1
	Severity Severity
	Title    string
	Cause    string
	Evidence string // what was seen, without secrets
	Fix      string // a command, or what to do
}
