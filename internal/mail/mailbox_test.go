package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/mail"
)

func put(t *testing.T, b *mail.Mailbox, to, subject string) {
	t.Helper()
	if err := b.Send(t.Context(), mail.Letter{ID: mail.NewID(noon), Channel: mail.Email, To: to, Subject: subject, CreatedAt: noon}); err != nil {
		t.Fatal(err)
	}
}

func TestMailboxKeepsTheNewest(t *testing.T) {
	b := mail.NewMailbox()
	for i := range mail.Capacity + 5 {
		put(t, b, "a@x.test", fmt.Sprint(i))
	}
	all := b.List()
	if len(all) != mail.Capacity || all[0].Subject != "504" || all[499].Subject != "5" {
		t.Errorf("%d entries, %s to %s", len(all), all[0].Subject, all[len(all)-1].Subject)
	}
	if e, ok := b.Last("A@x.test"); !ok || e.Subject != "504" {
		t.Errorf("Last = %v, %v", e, ok)
	}
	if _, ok := b.Last("b@x.test"); ok {
		t.Error("a letter for nobody")
	}
}

func TestMailboxKeepsACopyOnce(t *testing.T) {
	b, l := mail.NewMailbox(), mail.Letter{ID: mail.NewID(noon), To: "a@x.test"}
	for range 2 {
		if err := b.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.List()); n != 1 {
		t.Errorf("%d entries", n)
	}
}

// The form of /dev/mail.json is a promise.
func TestEntryJSON(t *testing.T) {
	b := mail.NewMailbox()
	if got, _ := json.Marshal(b.List()); string(got) != "[]" {
		t.Errorf("empty: %s", got)
	}
	put(t, b, "a@x.test", "Hi")
	got, err := json.Marshal(b.List())
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"to":"a@x.test","channel":"email","subject":"Hi","text":"","html":"","links":[],"code":"","at":"2026-11-22T12:00:00Z"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestMailboxNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := mail.NewMailbox()
		put(t, b, "a@x.test", "1")
		put(t, b, "b@x.test", "2")
		put(t, b, "A@x.test", "3")
		for _, want := range []string{"1", "3"} {
			if e, err := b.Next(t.Context(), "a@x.test"); err != nil || e.Subject != want {
				t.Fatalf("%s, %v; want %s", e.Subject, err, want)
			}
		}
		got := make(chan string, 1)
		go func() {
			e, _ := b.Next(t.Context(), "a@x.test")
			got <- e.Subject
		}()
		synctest.Wait()
		put(t, b, "c@x.test", "4")
		put(t, b, "a@x.test", "5")
		if s := <-got; s != "5" {
			t.Errorf("waited for %s", s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Next(ctx, "a@x.test"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
