package mail

import (
	"encoding/json"
	"fmt"
	"time"
)

// Sealer encrypts payloads at rest; package keyring is one.
type Sealer interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// sealPurpose keeps letters apart from everything else that is sealed.
const sealPurpose = "mail"

// Outbox prepares messages for the durable queue. It is safe for concurrent use.
type Outbox struct {
	renderer *Renderer
	sealer   Sealer
	now      func() time.Time
	wake     chan struct{}
}

// NewOutbox returns an Outbox. Give its Woken channel to the Worker.
func NewOutbox(r *Renderer, s Sealer, now func() time.Time) *Outbox {
	return &Outbox{renderer: r, sealer: s, now: now, wake: make(chan struct{}, 1)}
}

// Queue renders and seals m. The caller enqueues the result in the transaction
// of its act and calls Wake after the commit. It does no I/O, so it takes the
// same time whoever m is for. A message its template cannot use is ErrIncomplete.
func (o *Outbox) Queue(m Message) (Queued, error) {
	now := o.now().UTC().Truncate(time.Microsecond)
	id := NewID(now)
	l, err := o.renderer.Render(id, m, now)
	if err != nil {
		return Queued{}, err
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return Queued{}, err
	}
	return Queued{
		ID: id, Channel: l.Channel, Template: string(m.Template),
		Sealed: o.sealer.Seal(sealPurpose, []byte(id.String()), raw), NextAt: now, CreatedAt: now,
	}, nil
}

// Wake tells the worker of this process that there is something to send. It
// never blocks.
func (o *Outbox) Wake() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Woken receives after Wake; several calls may become one.
func (o *Outbox) Woken() <-chan struct{} { return o.wake }

// open reads what Queue sealed.
func open(s Sealer, q Queued) (Letter, error) {
	raw, err := s.Open(sealPurpose, []byte(q.ID.String()), q.Sealed)
	if err != nil {
		return Letter{}, err
	}
	var l Letter
	if err := json.Unmarshal(raw, &l); err != nil {
		return Letter{}, fmt.Errorf("mail: stored letter %s: %w", q.ID, err)
	}
	return l, nil
}
