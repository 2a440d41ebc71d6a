package bearer

import (
	"strings"
	"sync/atomic"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// Checked is a token that passed. It never changes.
type Checked struct {
	access jwt.Access
	by     witness
	first  asked                 // by the masks there were when it was checked
	later  atomic.Pointer[asked] // by those that replaced them
	used   atomic.Bool           // since the cache last looked

	derived atomic.Value
}

// Access is a copy of the claims; the caller may change it.
func (k *Checked) Access() *jwt.Access { return k.access.Clone() }

// Bound reports whether the token is worth nothing without the proof of a key.
func (k *Checked) Bound() bool { return k.access.Bound() }

// JKT is the thumbprint of the DPoP key that the token is bound to, empty when that
// is not what it is bound to, or not all.
func (k *Checked) JKT() string { return k.access.DPoPKey() }

// size bounds the bytes that the token holds beside its text: the claims and, about
// as large, what is asked of the live set and derived of them, scopes one by one.
func (k *Checked) size() int {
	return 2*k.access.Size() + 16*strings.Count(k.access.Scope, " ")
}

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
	if k.first.by == m {
		return &k.first.Question
	}
	if a := k.later.Load(); a != nil && a.by == m {
		return &a.Question
	}
	a := &asked{by: m, Question: m.question(&k.access)}
	k.later.Store(a)
	return &a.Question
}
