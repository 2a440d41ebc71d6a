package token

import "time"

// Demand is what the instance and an account's roles ask of a grant that outlives
// its session. The zero Demand is nothing: a grant in a session ends with it.
type Demand struct {
	Asked bool          // for two factors
	Grace time.Duration // that people have to set up a second one
	Since time.Time     // when this person was asked first; zero: never
}

// due is when that time is over, for who is asked at now.
func (d Demand) due(now time.Time) time.Time {
	if d.Since.IsZero() {
		return now.Add(d.Grace)
	}
	return d.Since.Add(d.Grace)
}

// outgrew reports whether g, of one factor, is of a sign-in from before the end of
// that time, and the time is over: what ends a session of one factor (PW-47). A later
// sign-in of one factor was let in by a remembered device.
func (d Demand) outgrew(g *Grant, now time.Time) bool {
	due := d.due(now)
	return d.Asked && g.assurance() < 2 && !now.Before(due) && g.AuthTime.Before(due)
}

// begins reports whether the time begins with this use of g.
func (d Demand) begins(g *Grant) bool {
	return d.Asked && d.Since.IsZero() && g.assurance() < 2
}
