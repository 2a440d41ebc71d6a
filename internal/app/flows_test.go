package app

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/mail"
	"github.com/mortise-auth/mortise/internal/proof"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/signin"
	"github.com/mortise-auth/mortise/internal/user"
)

const otherPassword = "an even longer walk at dusk"

// letter waits for the next mail to an address.
func (r *rig) letter(t *testing.T, to string) mail.Entry {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l, err := r.box.Next(ctx, to)
	if err != nil {
		t.Fatalf("no letter to %s: %v", to, err)
	}
	return l
}

// letterAt waits for a mail whose link leads to path.
func (r *rig) letterAt(t *testing.T, to, path string) mail.Entry {
	t.Helper()
	for {
		if l := r.letter(t, to); strings.Contains(l.Link(), path+"?token=") {
			return l
		}
	}
}

// code waits for a mail with a code.
func (r *rig) code(t *testing.T, to string) secret.Text {
	t.Helper()
	for {
		if l := r.letter(t, to); l.Code != "" {
			return secret.NewText(l.Code)
		}
	}
}

// linked is the secret in a mail's link.
func linked(t *testing.T, l mail.Entry, p proof.Purpose) secret.Token {
	t.Helper()
	u, err := url.Parse(l.Link())
	if err != nil {
		t.Fatal(err)
	}
	token, err := secret.Parse(p.LinkPurpose(), u.Query().Get("token"))
	if err != nil {
		t.Fatalf("%v in %q", err, l.Subject)
	}
	return token
}

// opens reports whether a session secret still opens one.
func (r *rig) opens(t *testing.T, res signin.Result) bool {
	t.Helper()
	_, err := r.Auth.Session(t.Context(), res.Secret.Reveal())
	return err == nil
}

// inSession is the caller of a session.
func inSession(res signin.Result) user.Caller {
	return user.By(res.User.ID, res.Session.ID.String(), audit.Source{IP: "198.51.100.7"})
}

// canSignIn tells whether a password opens a session, from a source of its own.
func (r *rig) canSignIn(t *testing.T, email, text, ip string) bool {
	t.Helper()
	res, err := r.SignIn.SignIn(t.Context(), signInAs(email, text, from(ip)))
	return err == nil && res.Complete()
}

// has reports whether the log holds an event of this name about subject.
func (r *rig) has(t *testing.T, name, subject string) bool {
	t.Helper()
	evs, err := r.store.Audit().Search(t.Context(), audit.Query{Name: name, Subject: subject, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	return len(evs) > 0
}

// winners runs try many times at once and counts those that succeed.
func winners(n int, try func(int) error) int {
	var wg sync.WaitGroup
	var won atomic.Int64
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			if try(i) == nil {
				won.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	return int(won.Load())
}

func (r *rig) addresses(t *testing.T, id user.ID) []string {
	t.Helper()
	have, err := r.store.Users().Emails(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range have {
		out = append(out, e.Address)
	}
	slices.Sort(out)
	return out
}
