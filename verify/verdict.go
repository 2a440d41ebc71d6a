package verify

import "time"

// reading is what is noted before the live set is asked, so that the set is at
// least as new as the proof, and was not begun anew in between.
type reading struct {
	reliable bool
	begun    int64
}

// reading notes how far the live set can be relied on now.
func (v *Verifier) reading(now time.Time) reading {
	f := v.follower.Load()
	if f == nil {
		return reading{reliable: v.withoutRevocation}
	}
	return reading{
		begun:    f.begun.Load(),
		reliable: f.ready.Load() && (v.acceptStale || f.fresh(now)),
	}
}

// vouches reports whether an answer of the live set counts that was given since r.
func (v *Verifier) vouches(r reading) bool {
	f := v.follower.Load()
	return r.reliable && (f == nil || f.begun.Load() == r.begun)
}
