package clients

import (
	"os/exec"
	"syscall"
)

// dieWithParent leaves nothing behind when the test process is killed.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
