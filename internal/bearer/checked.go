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

	derived atomic.Value
}

// Access is a copy of the claims; the caller may change it.
func (k *Checked) Access() *jwt.Access { return k.access.Clone() }

// wasUsed notes it for the cache; most calls only read.
func (k *Checked) wasUsed() {
	if !k.used.Load() {
		k.used.Store(true)
	}
}

// Derived is what of makes of the claims, made once and kept with the token, for
// callers that need it at every check. of must not keep or change the claims, what
// it returns must not change, and every caller of one Checker passes the same of.
func (k *Checked) Derived(of func(*jwt.Access) any) any {
	if d := k.derived.Load(); d != nil {
		return d
	}
	k.derived.CompareAndSwap(nil, of(&k.access))
	return k.derived.Load()
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
