package verify

import (
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
)

// verdict is what the live set says of a token.
type verdict uint8

const (
	unknown verdict = iota // the set is empty, too old or too full to tell
	alive
	dead
)

// verdict asks the live set. question makes the question under the audience's
// mask. The proof is looked at before the set, so that the set is at least as new
// as the proof.
func (f *follower) verdict(now time.Time, question func(mask *maskKey) *feed.Question, acceptStale bool) verdict {
	fresh := f.fresh(now)
	if !f.ready.Load() {
		return unknown
	}
	if f.live.Revoked(question(f.mask.Load())) {
		if f.live.Widened() {
			return unknown // the set holds less than there is: the issuer knows
		}
		return dead
	}
	if fresh || acceptStale {
		return alive
	}
	return unknown
}

// maskKey is an audience's key. Questions are made once per token and key.
type maskKey struct{ key []byte }
