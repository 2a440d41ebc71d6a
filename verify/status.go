package verify

// Status is how a Verifier is doing, for readiness checks and metrics.
type Status struct {
	// Revocation is "followed", or "expiry only" with InsecureWithoutRevocation.
	Revocation string
	// Fault is why tokens are not checked against the feed, or why nothing can be
	// checked at all: ErrNotReady, ErrStale, ErrClock or what was tried last.
	Fault error
	// Live is how many revocations are remembered, Number the last one taken.
	Live   int
	Number int64
	// Introspections counts questions sent since New.
	Introspections int64
}

// Health is nil when every token can be checked without asking anybody.
func (v *Verifier) Health() error {
	if !v.located.Load() {
		if lost := v.lost.Load(); lost != nil {
			return *lost
		}
		return ErrNotReady
	}
	if _, ok := v.tokens.set(); !ok {
		return errNoKeys
	}
	if f := v.follower.Load(); f != nil {
		return f.health(v.now())
	}
	return nil
}

// Status tells how the Verifier is doing.
func (v *Verifier) Status() Status {
	s := Status{Revocation: "followed", Fault: v.Health(), Introspections: v.asker.count()}
	if v.withoutRevocation {
		s.Revocation = "expiry only"
	}
	if f := v.follower.Load(); f != nil {
		s.Live, s.Number = f.live.Len(), f.number.Load()
	}
	return s
}
