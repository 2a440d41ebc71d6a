package phone

import "context"

// Message is a text to one number.
type Message struct {
	To    Number
	Text  string
	Voice bool   // speak it in a call
	Lang  string // of the text; BCP 47
}

// Sender hands messages to the telephone network. One call makes one message at
// the most: it is never repeated, because each is paid for. Its errors are those of
// this package that say so, and tell neither number nor text. It is safe for
// concurrent use.
type Sender interface {
	Send(ctx context.Context, m Message) error
}
