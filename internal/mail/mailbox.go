package mail

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Capacity is how many letters a Mailbox keeps.
const Capacity = 500

// Entry is one letter as /dev/mail.json shows it.
type Entry struct {
	ID      string    `json:"-"` // names the letter's page
	To      string    `json:"to"`
	Channel string    `json:"channel"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Links   []string  `json:"links"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// Link is the most important link, or empty.
func (e Entry) Link() string {
	if len(e.Links) == 0 {
		return ""
	}
	return e.Links[0]
}

// Mailbox is the Sender of development and tests: it keeps the newest letters
// in memory and sends nothing. A letter sent twice is kept once.
type Mailbox struct {
	mu      sync.Mutex
	letters []kept // oldest first
	arrived chan struct{}
}

type kept struct {
	id    ID
	entry Entry
	taken bool // by Next
}

// NewMailbox returns an empty Mailbox.
func NewMailbox() *Mailbox { return &Mailbox{arrived: make(chan struct{})} }

// Send keeps l. It never fails.
func (b *Mailbox) Send(_ context.Context, l Letter) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(b.letters, func(k kept) bool { return k.id == l.ID }) {
		return nil
	}
	if len(b.letters) == Capacity {
		b.letters = slices.Delete(b.letters, 0, 1)
	}
	b.letters = append(b.letters, kept{id: l.ID, entry: Entry{
		ID: l.ID.String(), To: l.To, Channel: l.Channel, Subject: l.Subject, Text: l.Text, HTML: l.HTML,
		Links: append([]string{}, l.Links...), Code: l.Code, At: l.CreatedAt,
	}})
	close(b.arrived)
	b.arrived = make(chan struct{})
	return nil
}

// List returns all letters, newest first; never nil.
func (b *Mailbox) List() []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Entry, 0, len(b.letters))
	for _, k := range slices.Backward(b.letters) {
		all = append(all, k.entry)
	}
	return all
}

// Last returns the newest letter for an address, without regard to case.
func (b *Mailbox) Last(to string) (Entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range slices.Backward(b.letters) {
		if strings.EqualFold(k.entry.To, to) {
			return k.entry, true
		}
	}
	return Entry{}, false
}

// Next returns the oldest letter for an address that Next has not returned yet,
// and waits for one to arrive. It returns an error only when ctx ends.
func (b *Mailbox) Next(ctx context.Context, to string) (Entry, error) {
	for {
		e, found, arrived := b.next(to)
		if found {
			return e, nil
		}
		select {
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		case <-arrived:
		}
	}
}

func (b *Mailbox) next(to string) (Entry, bool, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.letters {
		if k := &b.letters[i]; !k.taken && strings.EqualFold(k.entry.To, to) {
			k.taken = true
			return k.entry, true, nil
		}
	}
	return Entry{}, false, b.arrived
}
