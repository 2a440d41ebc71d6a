//go:build unix && !linux

package services

import (
	"os/exec"
	"syscall"
)

// dieWithParent keeps ctrl-c to ourselves; only Linux can tie lives together.
func dieWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}
