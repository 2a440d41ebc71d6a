//go:build !linux

package footprint

import "runtime/debug"

// Settle returns free heap to the system. Call it once, when starting is over.
func Settle() error {
	debug.FreeOSMemory()
	return nil
}
