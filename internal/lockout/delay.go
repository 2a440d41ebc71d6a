package lockout

import "time"

const (
	// CodeAfter is how many failures in a row an account takes from strangers
	// before they need a mailed code.
	CodeAfter = 100
	// DeviceFailures is how many failures of its own a known device may have
	// before it is treated as a stranger.
	DeviceFailures = 10
	// LongestAccountDelay is the most that the failures of others can make
	// anybody wait.
	LongestAccountDelay = 30 * time.Second
	// LongestPairDelay is the most that one's own failures can.
	LongestPairDelay = 15 * time.Minute

	freePair    = 3                // failures of a pair before it waits
	freeAccount = 10               // failures of a subject before all strangers wait
	calm        = 15 * time.Minute // after the last failure nobody waits for those of others
	memory      = 24 * time.Hour   // after its wait a pair starts afresh
)

// pairDelay is the wait after n failures of one subject from one source.
func pairDelay(n int32) time.Duration { return doubling(n-freePair, LongestPairDelay) }

// accountDelay is the wait that n failures of a subject put on every stranger.
func accountDelay(n int32) time.Duration { return doubling(n-freeAccount, LongestAccountDelay) }

// doubling is 0 below zero, then 1 s, 2 s, 4 s up to most.
func doubling(steps int32, most time.Duration) time.Duration {
	if steps < 0 {
		return 0
	}
	return min(time.Second<<min(steps, 30), most)
}
