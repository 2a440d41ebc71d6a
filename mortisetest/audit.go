package mortisetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/audit"
)

// Audit is what a Server recorded.
type Audit struct {
	t   testing.TB
	srv *Server
}

// Audit opens the record.
func (s *Server) Audit(t testing.TB) Audit { return Audit{t, s} }

// Want checks that an event with this name was recorded about subject, such as a
// User's ID. An empty subject stands for any.
func (a Audit) Want(name, subject string) {
	a.t.Helper()
	if names := a.Names(subject); !slices.Contains(names, name) {
		a.t.Fatalf("no event %s%s was recorded; newest first there is:%s", name, about(subject), lines(names))
	}
}

// None checks that no event with this name was recorded about subject.
func (a Audit) None(name, subject string) {
	a.t.Helper()
	if slices.Contains(a.Names(subject), name) {
		a.t.Fatalf("an event %s%s was recorded", name, about(subject))
	}
}

// Names returns the names of the latest 200 events about subject, newest first.
func (a Audit) Names(subject string) []string {
	a.t.Helper()
	if subject != "" && !strings.Contains(subject, "_") {
		a.t.Fatalf("%q is no id: audit events are about ids such as usr_…", subject)
	}
	events, err := a.srv.store.Audit().Search(a.t.Context(), audit.Query{Subject: subject, Limit: 200})
	a.srv.must(a.t, "read the audit events", err)
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.Name
	}
	return names
}

func about(subject string) string {
	if subject == "" {
		return ""
	}
	return " about " + subject
}

func lines(names []string) string {
	if len(names) == 0 {
		return " nothing"
	}
	return fmt.Sprint("\n  ", strings.Join(names, "\n  "))
}
