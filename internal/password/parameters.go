package password

import (
	"fmt"
	"time"
)

// Parameters are the Argon2id costs of new hashes. The zero Parameters are not
// valid; start from DefaultParameters.
type Parameters struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8

	belowFloor bool // set by TestParameters only
}

// DefaultParameters returns 19 MiB, two passes, one lane.
func DefaultParameters() Parameters { return Parameters{MemoryKiB: 19456, Passes: 2, Lanes: 1} }

// TestParameters returns parameters that protect nothing and cost next to
// nothing. It is the only way past the floor and is meant for the mortisetest
// package; no setting leads here.
func TestParameters() Parameters {
	return Parameters{MemoryKiB: 8, Passes: 1, Lanes: 1, belowFloor: true}
}

// ParseParameters reads what String writes: m=19456,t=2,p=1. Weak or unbounded
// parameters are ErrParameters.
func ParseParameters(s string) (Parameters, error) {
	o, err := parseOptions(s, "m", "t", "p")
	if err != nil {
		return Parameters{}, ErrParameters.Because(err)
	}
	m, t, l := o.number("m", 1<<32-1), o.number("t", 1<<32-1), o.number("p", 255)
	if o.err != nil {
		return Parameters{}, ErrParameters.Because(o.err)
	}
	p := Parameters{MemoryKiB: uint32(m), Passes: uint32(t), Lanes: uint8(l)}
	return p, p.check()
}

// String is the form to keep in a setting, so that all replicas agree.
func (p Parameters) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.MemoryKiB, p.Passes, p.Lanes)
}

// floor lists equivalent minima (PW-10): a pair is enough when it reaches any row.
var floor = [...]struct{ memory, passes uint32 }{
	{47104, 1}, {19456, 2}, {12288, 3}, {9216, 4}, {7168, 5},
}

const (
	maxOwnMemory = 1 << 20 // KiB
	maxOwnPasses = 64
	maxLanes     = 16
)

func (p Parameters) check() error {
	if p.MemoryKiB > maxOwnMemory || p.Passes == 0 || p.Passes > maxOwnPasses || p.Lanes == 0 || p.Lanes > maxLanes || p.MemoryKiB < 8*uint32(p.Lanes) {
		return ErrParameters.Becausef("password: %v is out of bounds", p)
	}
	if p.belowFloor {
		return nil
	}
	for _, f := range floor {
		if p.MemoryKiB >= f.memory && p.Passes >= f.passes {
			return nil
		}
	}
	return ErrParameters.Becausef("password: %v is below the floor", p)
}

// weaker reports whether p costs an attacker less than q does. Parameters are
// never lowered by a sign-in.
func (p Parameters) weaker(q Parameters) bool { return p.work() < q.work() }

func (p Parameters) work() uint64 { return uint64(p.MemoryKiB) * uint64(p.Passes) }

func (p Parameters) cost() Cost {
	const perBlock = 900 * time.Nanosecond // one KiB, one pass, on one present-day core
	return Cost{Bytes: int64(p.MemoryKiB) << 10, Time: nominal(p.work(), perBlock)}
}
