package bearer

import (
	"sync/atomic"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Checked is a token that passed. It never changes.
type Checked struct {
	access jwt.Access
	key    jose.PublicKey
	asked  atomic.Pointer[asked]
	used   atomic.Bool // since the cache last looked
}

// Access is a copy of the claims; the caller may change it.
func (k *Checked) Access() *jwt.Access { return k.access.Clone() }

// wasUsed notes it for the cache; most calls only read.
func (k *Checked) wasUsed() {
	if !k.used.Load() {
		k.used.Store(true)
	}
}

// asked is what the live set is asked, masked by somebody.
type asked struct {
	by *masks
	feed.Question
}

// question is what the live set is asked about the token; it is kept.
func (k *Checked) question(m *masks) *feed.Question {
	if a := k.asked.Load(); a != nil && a.by == m {
		return &a.Question
	}
	a := &asked{by: m, Question: m.question(&k.access)}
	k.asked.Store(a)
	return &a.Question
}
