//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// sameOwner refuses to let root open somebody else's folder: files made in it
// would belong to root, and the server could not open them again.
func sameOwner(folder string) error {
	info, err := os.Stat(folder)
	if err != nil || os.Geteuid() != 0 {
		return nil //nolint:nilerr // a folder that is missing is the engine's to report
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid == 0 {
		return nil
	}
	return fail(exitDenied, "not_allowed", "the data folder belongs to another user",
		fmt.Sprintf("No server runs, so this command would open %s itself, as root. Run it as its owner: sudo -u '#%d' mortise …", folder, st.Uid))
}
