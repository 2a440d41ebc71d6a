//go:build !linux

package footprint

import "runtime/debug"

// Settle returns free heap to the system; see Quiet.
func Settle() error {
	debug.FreeOSMemory()
	return nil
}
