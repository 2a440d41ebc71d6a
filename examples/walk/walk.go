// Package walk is what the tests of the examples have in common: it runs a program
// on a free port and goes in by the front door.
package walk

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/mortisetest"
)

// Run is the run function of an example.
type Run func(ctx context.Context, l net.Listener, origin, data string) error

// Start runs the example until the test ends and returns a browser for it.
func Start(t *testing.T, run Run) *mortisetest.Browser {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	origin := "http://localhost:" + port
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	data := t.TempDir()
	go func() { done <- run(ctx, l, origin, data) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the program ended with: %v", err)
		}
	})
	return mortisetest.NewBrowser(t, origin)
}

// Enter signs up, follows the link in the dev mailbox, and signs in.
func Enter(t *testing.T, b *mortisetest.Browser, name string) {
	t.Helper()
	const email, phrase = "kim@example.test", "seven oak pegs hold this frame"
	b.Open("/auth/signup").Fill("display-name", name).Fill("email", email).Fill("new-password", phrase).Submit()
	b.Open(link(t, b)).Submit()
	b.Open("/auth/login").Fill("identifier", email).Fill("password", phrase).Submit()
}

// link is that of the newest mail.
func link(t *testing.T, b *mortisetest.Browser) string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		var mails []struct{ Links []string }
		text := b.Open("/auth/dev/mail.json").Text()
		if err := json.Unmarshal([]byte(text), &mails); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if len(mails) > 0 && len(mails[0].Links) > 0 {
			return mails[0].Links[0]
		}
	}
	t.Fatal("no mail came")
	return ""
}
