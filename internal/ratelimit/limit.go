package ratelimit

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"time"
)

// Name is the stable name of a limit, such as "signin.source".
type Name string

// Limit allows Burst acts at once and one more for every Every that passes.
type Limit struct {
	Name  Name
	Every time.Duration // at least a microsecond
	Burst int           // 1 to 1,000,000
	// PerProcess: it guards this process from work, not a secret from guesses, so
	// replicas that share counters do not share this one.
	PerProcess bool
}

// PerMinute is n acts a minute with a burst of the same size.
func PerMinute(name Name, n int) Limit {
	return Limit{Name: name, Every: time.Minute / time.Duration(n), Burst: n}
}

// PerHour is n acts an hour with a burst of the same size.
func PerHour(name Name, n int) Limit {
	return Limit{Name: name, Every: time.Hour / time.Duration(n), Burst: n}
}

// window is how far ahead of now the arrival time of a key may run.
func (l Limit) window() time.Duration { return l.Every * time.Duration(l.Burst) }

// Share is the limit of one of n replicas that cannot ask the others: all of them
// together allow what one would.
func (l Limit) Share(n int) Limit {
	l.Every *= time.Duration(n)
	l.Burst = max(1, l.Burst/n)
	return l
}

func (l Limit) validate() error {
	const mostWindow = 366 * 24 * time.Hour
	switch {
	case l.Name == "":
		return fmt.Errorf("ratelimit: a limit without a name")
	case l.Every < time.Microsecond:
		return fmt.Errorf("ratelimit: %s: interval %v is under a microsecond", l.Name, l.Every)
	case l.Burst < 1 || l.Burst > 1_000_000:
		return fmt.Errorf("ratelimit: %s: burst %d is not between 1 and 1,000,000", l.Name, l.Burst)
	case l.Every > mostWindow/time.Duration(l.Burst):
		return fmt.Errorf("ratelimit: %s: refilling takes longer than a year", l.Name)
	}
	return nil
}

// Key is one counter: a limit and whom it counts. A pair uses both parts.
type Key struct {
	Limit Name
	Of    string // source, account, client, …
	And   string // the other half of a pair, else empty
}

// MaxKeys is the most keys that one decision weighs.
const MaxKeys = 4

// Keys is what one decision charges: a value, so that asking costs no
// allocation even through an interface. The zero Keys charges nothing.
type Keys struct {
	list [MaxKeys]Key
	n    int
}

// All collects up to MaxKeys keys; it panics on more.
func All(keys ...Key) Keys {
	var k Keys
	if len(keys) > MaxKeys {
		panic("ratelimit: too many keys in one decision")
	}
	k.n = copy(k.list[:], keys)
	return k
}

// All returns the keys in order.
func (k *Keys) All() iter.Seq[Key] { return slices.Values(k.list[:k.n]) }

// Source is the network that counts as one source: an IPv4 address by itself,
// an IPv6 address by its /64, because a single customer owns all of that.
func Source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, _ := addr.Prefix(bits) // cannot fail: bits fits the family; the zero Addr gives the zero Prefix
	return prefix
}

// SourceOf is Source of an address as text. What is no address, such as the
// empty one of the host, is a source of its own.
func SourceOf(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	return Source(addr).String()
}
