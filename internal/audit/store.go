package audit

import "context"

// Store appends and reads events. Most events are written by the store method
// of the act they report; Append is for acts that change nothing else.
type Store interface {
	// Append writes one event.
	Append(ctx context.Context, ev Event) error
	// Search returns events, newest first.
	Search(ctx context.Context, q Query) ([]Event, error)
}
