package reclaim

import (
	"encoding/json"
	"time"
)

// Resetting says how administrators may give others new factors.
type Resetting string

const (
	ByNobody Resetting = "off"
	// ByOne lets one administrator reset people; administrators still need two.
	ByOne Resetting = "one"
	ByTwo Resetting = "two"
)

// Setting is the name of the instance's policy among its settings.
const Setting = "recovery.policy"

// Bounds of Policy.Wait.
const (
	MinWait     = 24 * time.Hour
	MaxWait     = 30 * 24 * time.Hour
	DefaultWait = 72 * time.Hour
)

// Policy says which ways back there are.
type Policy struct {
	Wait  time.Duration // of a waiting claim; 0: nobody gets back by waiting
	Reset Resetting
}

// DefaultPolicy is what holds until somebody says otherwise.
func DefaultPolicy() Policy { return Policy{Wait: DefaultWait, Reset: ByTwo} }

// Check is nil or ErrPolicy.
func (p Policy) Check() error {
	if p.Wait != 0 && (p.Wait < MinWait || p.Wait > MaxWait) {
		return ErrPolicy.Becausef("wait %s", p.Wait)
	}
	switch p.Reset {
	case ByNobody, ByOne, ByTwo:
		return nil
	}
	return ErrPolicy.Becausef("reset %q", p.Reset)
}

type kept struct {
	Wait  string    `json:"wait"`
	Reset Resetting `json:"reset"`
}

// String is p as it is kept.
func (p Policy) String() string {
	b, _ := json.Marshal(kept{p.Wait.String(), p.Reset})
	return string(b)
}

// ParsePolicy reads what String wrote; empty is DefaultPolicy.
func ParsePolicy(s string) (Policy, error) {
	if s == "" {
		return DefaultPolicy(), nil
	}
	var k kept
	if err := json.Unmarshal([]byte(s), &k); err != nil {
		return Policy{}, ErrPolicy.Because(err)
	}
	wait, err := time.ParseDuration(k.Wait)
	if err != nil {
		return Policy{}, ErrPolicy.Because(err)
	}
	p := Policy{Wait: wait, Reset: k.Reset}
	return p, p.Check()
}
