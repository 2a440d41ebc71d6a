package verify

import "time"

// moment is a point in time for measuring ages.
type moment struct{ t time.Time }

func at(t time.Time) moment { return moment{t} }

// maxDisagreement is how far wall clock and monotonic clock may drift apart over
// an age before neither is believed.
const maxDisagreement = time.Second

// within reports whether at now at most d has passed since the moment. A process
// that was stopped sees the age it missed; a machine that slept, or whose clock was
// set, sees its two clocks disagree, and then nothing is within anything.
func (m moment) within(now time.Time, d time.Duration) bool {
	if m.t.IsZero() {
		return false
	}
	return aged(now.Sub(m.t), now.Round(0).Sub(m.t.Round(0)), d)
}

// aged decides by the two ages that the monotonic and the wall clock give.
func aged(steady, wall, d time.Duration) bool {
	if gap := steady - wall; gap > maxDisagreement || gap < -maxDisagreement {
		return false
	}
	return steady >= -maxDisagreement && steady <= d && wall <= d
}
