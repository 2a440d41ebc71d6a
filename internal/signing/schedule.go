package signing

import (
	"fmt"
	"time"
)

// Lag is how old a Ring's view may be when it signs or publishes. Beyond it the
// Ring reads the store first.
const Lag = 30 * time.Second

// Schedule says how long the states of a key last. The zero Schedule is the
// default one.
type Schedule struct {
	// Rotate is how long a key signs; default 90 days (JW-47).
	Rotate time.Duration
	// Publish is how long a key is published before it signs; default 24 hours,
	// for verifiers that look only once a day. At least Cache and twice Lag.
	Publish time.Duration
	// Cache is how long others may keep the published set; default 15 minutes.
	Cache time.Duration
	// Life is the longest that anything signed may live; default 24 hours. Who
	// mints a token keeps to it.
	Life time.Duration
}

func (s Schedule) complete() (Schedule, error) {
	for _, d := range []struct {
		value   *time.Duration
		instead time.Duration
	}{{&s.Rotate, 90 * 24 * time.Hour}, {&s.Publish, 24 * time.Hour}, {&s.Cache, 15 * time.Minute}, {&s.Life, 24 * time.Hour}} {
		if *d.value == 0 {
			*d.value = d.instead
		}
	}
	if s.Cache < time.Second || s.Life < time.Second || s.Publish < s.Cache+2*Lag || s.Rotate < s.Publish {
		return s, fmt.Errorf("signing: a schedule of %v", s)
	}
	return s, nil
}

// keep is how long a key verifies after its last use: the token signed last of
// all, by a replica that had not yet looked, is over everywhere.
func (s Schedule) keep() time.Duration { return s.Life + s.Cache + 2*Lag }

// ahead is how long before a key's end its successor is published. That of the
// feed's key is always there (TH-19).
func (s Schedule) ahead(u Use) time.Duration {
	if u == Feed {
		return s.Rotate
	}
	return s.Publish
}

// due is when a key published now becomes current, if its predecessor signs since
// then.
func (s Schedule) due(now, since time.Time) time.Time {
	due, end := now.Add(s.Publish), since.Add(s.Rotate)
	if end.After(due) {
		return end
	}
	return due
}
