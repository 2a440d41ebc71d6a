package feed

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Type is the typ header of a signed batch.
const Type = "mortise-feed+jwt"

// MaxEntries is how many entries one batch holds, so that its text stays below
// jose.MaxToken; more travel in further batches.
const MaxEntries = 250

// Batch is one signed answer of the feed: all that was numbered in (From, To] and
// concerns the audience, or one part of a snapshot of all that lives at To.
type Batch struct {
	Issuer, Audience string
	Epoch            string // of the numbers; another history begins another epoch
	From, To         int64  // From is 0 in a snapshot
	Previous         string // Digest of the batch the follower took last; "" begins a chain
	Nonce            string // of the poll this answers
	At               int64  // the feed's time, Unix seconds
	Snapshot         bool
	More             bool    // the next batch is ready: this one proves no freshness
	Cursor           string  // to be sent with the next poll; opaque
	MaskKey          []byte  // snapshots only
	Entries          []Entry // any order; on the wire by value, once each (TH-16)
}

// wire is Batch as JSON. Names that RFC 7519 knows are its own.
type wire struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	At       int64  `json:"iat"`
	Nonce    string `json:"nonce"`
	Epoch    string `json:"epoch"`
	From     int64  `json:"from"`
	To       int64  `json:"to"`
	Previous string `json:"previous,omitempty"`
	Cursor   string `json:"cursor"`
	Snapshot bool   `json:"snapshot,omitempty"`
	More     bool   `json:"more,omitempty"`
	MaskKey  []byte `json:"mask_key,omitempty"`
	Entries  []byte `json:"entries,omitempty"` // packed
}

// Payload is what is signed, under the header typ Type.
func (b *Batch) Payload() ([]byte, error) {
	if len(b.Entries) > MaxEntries {
		return nil, fmt.Errorf("feed: %d entries in a batch, at most %d fit", len(b.Entries), MaxEntries)
	}
	return json.Marshal(wire{
		b.Issuer, b.Audience, b.At, b.Nonce, b.Epoch, b.From, b.To, b.Previous, b.Cursor,
		b.Snapshot, b.More, b.MaskKey, pack(b.Entries),
	})
}

// Open checks the signature of a batch and reads it. Whether it is the one that
// was asked for is the Chain's to say.
func Open(text string, keys jose.Keys) (*Batch, error) {
	payload, _, err := jose.Verify(text, Type, keys)
	if err != nil {
		return nil, err
	}
	return parse(payload)
}

func parse(payload []byte) (*Batch, error) {
	var w wire
	if err := json.Unmarshal(payload, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	entries, err := unpack(w.Entries)
	switch {
	case err != nil:
		return nil, err
	case w.Epoch == "" || w.At <= 0 || w.From < 0 || w.To < w.From:
		return nil, ErrMalformed
	case w.Snapshot && (w.From != 0 || len(w.MaskKey) < 16):
		return nil, ErrMalformed
	case !w.Snapshot && (w.MaskKey != nil || w.To == w.From && (len(entries) > 0 || w.More)):
		return nil, ErrMalformed
	}
	return &Batch{
		w.Issuer, w.Audience, w.Epoch, w.From, w.To, w.Previous, w.Nonce, w.At,
		w.Snapshot, w.More, w.Cursor, w.MaskKey, entries,
	}, nil
}

// Digest is what the next batch names as Previous: the base64url SHA-256 of the
// signed text.
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
