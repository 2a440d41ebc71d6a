package feed

import "github.com/mortise-auth/mortise/internal/jose"

// Chain is how far one follower has come in one feed. It takes a batch only if
// that is the next one, made for the question asked. Its zero value, with Issuer
// and Audience set, begins with a snapshot. Not safe for concurrent use.
type Chain struct {
	Issuer, Audience string

	epoch  string
	to     int64
	digest string
	cursor string
	within bool // a snapshot whose further parts are still to come
}

// Cursor and Digest go with the next poll; both are "" before a first snapshot,
// and while one is incomplete: then the next poll begins it again.
func (c *Chain) Cursor() string { return c.complete(c.cursor) }

// Digest is the Previous the next answer must name.
func (c *Chain) Digest() string { return c.complete(c.digest) }

func (c *Chain) complete(v string) string {
	if c.within {
		return ""
	}
	return v
}

// Restart begins again with a snapshot: after ErrGap, an answer of 410, or a poll
// that broke off within a snapshot.
func (c *Chain) Restart() { *c = Chain{Issuer: c.Issuer, Audience: c.Audience} }

// Take opens the answer to the poll that carried nonce. Errors: ErrForeign,
// ErrReplayed, ErrGap, ErrMalformed, those of jose.Verify; the Chain is then where
// it was. Only an answer without More proves that the follower is fresh, as of
// the moment it sent the poll.
func (c *Chain) Take(text, nonce string, keys jose.Keys) (*Batch, error) {
	b, err := Open(text, keys)
	switch {
	case err != nil:
		return nil, err
	case b.Issuer != c.Issuer || b.Audience != c.Audience:
		return nil, ErrForeign
	case b.Nonce != nonce || nonce == "":
		return nil, ErrReplayed
	case !c.follows(b):
		return nil, ErrGap
	}
	c.epoch, c.to, c.cursor, c.digest = b.Epoch, b.To, b.Cursor, Digest(text)
	c.within = b.Snapshot && b.More
	return b, nil
}

func (c *Chain) follows(b *Batch) bool {
	begins := c.epoch == ""
	switch {
	case b.Previous != c.digest || b.Snapshot != (begins || c.within):
		return false
	case begins:
		return true
	case b.Epoch != c.epoch:
		return false
	case c.within:
		return b.To == c.to
	}
	return b.From == c.to
}
