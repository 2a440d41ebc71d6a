package page

import (
	"html/template"

	"github.com/mortise-auth/mortise/internal/problem"
)

// Respond carries an answer to an app as a form that sends itself, and by its
// button without JavaScript (OAuth Form Post). It needs a policy that lets forms
// go to the app.
type Respond struct {
	To     template.URL // an address registered for the app
	Host   string       // of it
	Params [][2]string
	Pause  bool // it does not send itself (OA-21)
}

// Onward leads on to an app, or to a service to sign in with, at once, and by its link
// where the header that says so is not followed.
type Onward struct {
	To      template.URL
	Host    string
	Service string // instead of Host
}

// Away stands before a way to an app that nobody here vouches for (OA-21).
type Away struct {
	To   template.URL
	Host string
}

// Closed tells that a sign-in window is over, and the way back to its app.
type Closed struct {
	Err       *problem.Error
	RequestID string
	App       string // empty: unknown
	Back      Link   // where the app begins; may be empty
}

// Mismatch is an address that is not registered for an app. Both are only shown
// to administrators, and in development; strangers get two empty ones.
type Mismatch struct {
	Err        *problem.Error
	RequestID  string
	Why        string
	Registered Compared
	Sent       Compared
}

// Compared is a text with the middle marked, in which it differs from another.
type Compared struct{ Before, Differs, After string }

// Compare marks in two texts what lies between their common beginning and end.
func Compare(a, b string) (Compared, Compared) {
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	m := 0
	for m < len(x)-n && m < len(y)-n && x[len(x)-1-m] == y[len(y)-1-m] {
		m++
	}
	cut := func(t []rune) Compared {
		return Compared{string(t[:n]), string(t[n : len(t)-m]), string(t[len(t)-m:])}
	}
	return cut(x), cut(y)
}

func (c Closed) subject() *problem.Error   { return c.Err }
func (m Mismatch) subject() *problem.Error { return m.Err }

func (Respond) sheet() sheet  { return sheet{name: "respond", layout: card} }
func (Onward) sheet() sheet   { return sheet{name: "onward", layout: card} }
func (Away) sheet() sheet     { return sheet{name: "away", layout: card} }
func (Closed) sheet() sheet   { return sheet{name: "closed", layout: card} }
func (Mismatch) sheet() sheet { return sheet{name: "mismatch", layout: card} }
