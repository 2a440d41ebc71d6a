package mail

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Letter is a rendered message, final. It holds codes and links, so it prints
// only its id.
type Letter struct {
	ID        ID        `json:"id"`
	Channel   string    `json:"channel"`
	Lang      string    `json:"lang,omitempty"` // of a text that is spoken
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	HTML      string    `json:"html"`
	Links     []string  `json:"links"`          // absolute, the most important first
	Code      string    `json:"code,omitempty"` // empty when there is none
	CreatedAt time.Time `json:"created_at"`
	Expires   time.Time `json:"expires,omitzero"` // not worth sending afterwards
}

// The channels. What goes to a phone has a text only.
const (
	Email = "email"
	SMS   = "sms"
	Voice = "voice"
)

// Sender hands letters on. ErrPermanent means never again; every other error
// means later. Send returns soon after ctx ends and is safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

func (l Letter) String() string             { return l.ID.String() + " " + secret.Redacted }
func (l Letter) GoString() string           { return l.String() }
func (l Letter) LogValue() slog.Value       { return slog.StringValue(l.String()) }
func (l Letter) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(l.String())) }
