package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a server that was started to be measured.
type process struct {
	cmd     *exec.Cmd
	addr    string        // host:port
	took    time.Duration // from start to the first 200
	cpu     time.Duration // spent until then
	stopped bool
}

// start runs a program that serves on addr and waits until path answers 200.
func start(ctx context.Context, addr, path string, env []string, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, name, args...), addr: addr}
	p.cmd.Env = append(os.Environ(), env...)
	var log strings.Builder
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, &log
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(begun) < 20*time.Second {
		if answers(addr, path) {
			p.took, p.cpu = time.Since(begun), cpuOf(p.pid())
			return p, nil
		}
		time.Sleep(time.Millisecond)
	}
	p.kill()
	return nil, fmt.Errorf("%s %v did not answer %s within 20 s: %s", name, args, path, log.String())
}

// answers asks once, as cheaply as can be: the machine's cores are busy starting.
func answers(addr, path string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Second))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, addr)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	return err == nil && resp.StatusCode == http.StatusOK
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) alive() bool { return p.cmd.Process.Signal(syscall.Signal(0)) == nil }

// stop asks the process to end and waits for it.
func (p *process) stop() {
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	end := time.AfterFunc(10*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer end.Stop()
	_ = p.cmd.Wait() // how it ended does not matter any more
}

// kill ends it as a power cut would.
func (p *process) kill() {
	if p.stopped {
		return
	}
	p.stopped = true
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// freeAddr is a loopback address nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
