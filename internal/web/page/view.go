package page

import "github.com/mortise-auth/mortise/internal/problem"

// View is one page in one state. The set of views is closed.
type View interface{ sheet() sheet }

// sheet says which template shows a view, in which layout, and which entry of
// the account menu is lit.
type sheet struct {
	name   string
	layout layout
	menu   string
	labels map[string]string // fields called differently here: id, then key of the words
}

type layout string

const (
	card    layout = "card"    // one narrow column: signing in and everything like it
	account layout = "account" // menu and content, for people who are signed in
	wide    layout = "wide"    // content as wide as reading allows
	bare    layout = "bare"    // a document of its own
)

// Form is embedded by views with a form. Problem is what the last try was
// answered with; nil on the first showing.
type Form struct{ Problem *problem.Error }

func (f Form) fault() *problem.Error { return f.Problem }
