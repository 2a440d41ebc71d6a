package apply

import "github.com/mortise-auth/mortise/internal/problem"

// Kind names a sort of resource.
type Kind string

// The kinds of this version, in the order they depend on each other.
const (
	KindRole         Kind = "role"
	KindOrganization Kind = "organization"
	KindScope        Kind = "scope"
	KindResource     Kind = "resource"
	KindClient       Kind = "client"
	KindUser         Kind = "user"
	KindPolicy       Kind = "sign_in_policy"
)

// Action is what becomes of a resource.
type Action string

// The actions. Nothing is ever deleted for not being mentioned.
const (
	Create    Action = "create"
	Update    Action = "update"
	Unchanged Action = "unchanged"
)

// Field is one member of a resource that changes.
type Field struct {
	Name string `json:"name"`
	From any    `json:"from"`
	To   any    `json:"to"`
}

// Failure says why one change cannot be made, as a problem's code and public sentence.
type Failure struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Change is what one resource of a File amounts to. Index is its place in the
// File's list of its kind, so whoever carries it out finds what is wanted.
type Change struct {
	Kind   Kind     `json:"kind"`
	Key    string   `json:"key"`
	Action Action   `json:"action"`
	Fields []Field  `json:"fields"`
	Error  *Failure `json:"error,omitempty"`
	Index  int      `json:"-"`
}

// Failed returns c with the public face of err.
func (c Change) Failed(err error) Change {
	p := problem.Of(err)
	c.Error = &Failure{Code: p.Code, Detail: p.Public}
	return c
}

// Result is the answer to POST /api/v1/apply. Applied counts changes made (or,
// in a dry run, that would be made); unchanged resources count nowhere.
type Result struct {
	Changes []Change `json:"changes"`
	Applied int      `json:"applied"`
	Failed  int      `json:"failed"`
}

// Summarize counts changes into a Result.
func Summarize(changes []Change) Result {
	r := Result{Changes: append([]Change{}, changes...)}
	for _, c := range changes {
		switch {
		case c.Error != nil:
			r.Failed++
		case c.Action != Unchanged:
			r.Applied++
		}
	}
	return r
}
