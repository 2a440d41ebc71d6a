package ratelimit

import "time"

// All times below are nanoseconds since the limiter was made.

// advance is GCRA: the arrival time after one more act, and whether it may
// happen now. An arrival time beyond the window cannot come from charging, only
// from a clock that went back; it is cut so that no limit freezes (TH-4).
func (l Limit) advance(arrival, now int64) (next int64, ok bool) {
	window := int64(l.window())
	arrival = min(max(arrival, now), now+window)
	next = arrival + int64(l.Every)
	return next, next-now <= window
}

// allowed describes a key whose arrival time is next after charging.
func (l Limit) allowed(next, now int64) Decision {
	free := int64(l.window()) - (next - now)
	return Decision{
		Allowed: true, Name: l.Name, Limit: l.Burst,
		Remaining: int(free / int64(l.Every)), Reset: time.Duration(next - now),
	}
}

// refused describes a key that would stand at next if it were charged.
func (l Limit) refused(next, now int64) Decision {
	return Decision{
		Name: l.Name, Limit: l.Burst,
		RetryAfter: time.Duration(next-now) - l.window(),
		Reset:      time.Duration(next - now - int64(l.Every)),
	}
}
