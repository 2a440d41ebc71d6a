package services

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel end the server when the test process is killed,
// so a panic or a timeout leaves nothing behind.
func dieWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	cmd.SysProcAttr.Setpgid = true // ctrl-c reaches us, we stop it in order
}
