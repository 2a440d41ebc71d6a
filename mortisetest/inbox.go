package mortisetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/mail"
)

// Inbox is everything a Server mailed.
type Inbox struct {
	t   testing.TB
	box *mail.Mailbox
}

// Mail is one letter.
type Mail struct {
	To, Subject, Text, HTML, Code string
	Links                         []string // absolute, the most important first
	At                            time.Time

	t testing.TB
}

// Inbox opens the mailbox for all addresses.
func (s *Server) Inbox(t testing.TB) Inbox { return Inbox{t, s.mailbox} }

// patience is how long Next waits, in real time. Mail leaves within milliseconds.
const patience = 10 * time.Second

// Next returns the oldest letter for an address that Next has not returned yet, and
// waits for it to be sent.
func (i Inbox) Next(address string) Mail {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), patience)
	defer cancel()
	e, err := i.box.Next(ctx, address)
	if err != nil {
		i.t.Fatalf("no mail for %s came within %v; there is:%s", address, patience, i.list())
	}
	return i.mail(e)
}

// Last returns the newest letter for an address. It does not wait.
func (i Inbox) Last(address string) Mail {
	i.t.Helper()
	e, ok := i.box.Last(address)
	if !ok {
		i.t.Fatalf("there is no mail for %s; there is:%s", address, i.list())
	}
	return i.mail(e)
}

// Empty checks that nothing was sent to an address so far.
func (i Inbox) Empty(address string) {
	i.t.Helper()
	if e, ok := i.box.Last(address); ok {
		i.t.Fatalf("there is mail for %s: %q", address, e.Subject)
	}
}

func (i Inbox) mail(e mail.Entry) Mail {
	return Mail{To: e.To, Subject: e.Subject, Text: e.Text, HTML: e.HTML, Code: e.Code, Links: e.Links, At: e.At, t: i.t}
}

func (i Inbox) list() string {
	var b strings.Builder
	for _, e := range i.box.List() {
		fmt.Fprintf(&b, "\n  to %s: %s", e.To, e.Subject)
	}
	if b.Len() == 0 {
		return " none at all"
	}
	return b.String()
}

// Link returns the letter's most important link. A letter without one fails the test.
func (m Mail) Link() string {
	m.t.Helper()
	if len(m.Links) == 0 {
		m.t.Fatalf("the mail %q to %s has no link:\n%s", m.Subject, m.To, m.Text)
	}
	return m.Links[0]
}
