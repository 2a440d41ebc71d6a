package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is one run after another of the program with the same settings.
type process struct {
	t    *testing.T
	args []string
	env  []string
	dir  string // where it runs; it holds no mortise.yaml
	file func() (string, error)

	cmd   *exec.Cmd
	ready ready
	gone  chan struct{}
	log   *buffer // standard error of all runs
	out   *buffer // standard output of all runs
}

// ready is the line that a started server prints.
type ready struct {
	URL, Listen, Admin, Engine, Certificate, Mailbox, Data string

	SetupURL  string `json:"setup_url"`
	SetupCode string `json:"setup_code"`
	EnterCode string `json:"enter_code"`
}

// buffer collects what several goroutines write.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// prepare makes a process that has not started. Settings are NAME=value, without
// the MORTISE_ in front.
func prepare(t *testing.T, args []string, settings ...string) *process {
	t.Helper()
	p := &process{t: t, args: args, dir: folder(t), file: binary, log: &buffer{}, out: &buffer{}}
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "TMPDIR=" + os.TempDir()}
	for _, s := range settings {
		p.env = append(p.env, "MORTISE_"+s)
	}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s", strings.Join(p.args, " "), tail(p.log.String(), 8000))
		}
	})
	return p
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// dev starts a development server on a free port.
func dev(t *testing.T, args ...string) *process {
	t.Helper()
	p := prepare(t, append([]string{"dev", "--json", "--listen", "127.0.0.1:0", "--log-level", "debug"}, args...))
	p.start()
	return p
}

// again makes the next run listen where this one does, so that cookies and links
// stay good.
func (p *process) again() {
	for i, a := range p.args {
		if a == "127.0.0.1:0" {
			p.args[i] = p.ready.Listen
		}
	}
}

// start runs the program until it is ready.
func (p *process) start() {
	p.t.Helper()
	if err := p.tryStart(); err != nil {
		p.t.Fatalf("%s: %v\n%s", strings.Join(p.args, " "), err, tail(p.log.String(), 4000))
	}
}

func (p *process) tryStart() error {
	path, err := p.file()
	if err != nil {
		return err
	}
	p.cmd = exec.Command(path, p.args...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stderr = p.env, p.dir, p.log
	dieWithParent(p.cmd)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.gone = make(chan struct{})
	lines := make(chan string, 1)
	go func() {
		r := bufio.NewReader(stdout)
		first, _ := r.ReadString('\n')
		_, _ = p.out.Write([]byte(first))
		lines <- first
		_, _ = r.WriteTo(p.out)
		_ = p.cmd.Wait()
		close(p.gone)
	}()
	select {
	case line := <-lines:
		p.ready = ready{}
		if json.Unmarshal([]byte(line), &p.ready) != nil {
			<-p.gone
			return errors.New("it ended before it was ready: " + line)
		}
		return nil
	case <-time.After(patience):
		p.kill()
		return errors.New("it was not ready in time")
	}
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.gone
}

// stop is SIGTERM. It returns the exit code and how long the process took.
func (p *process) stop() (code int, took time.Duration) {
	p.t.Helper()
	start := time.Now()
	must(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.gone:
	case <-time.After(patience):
		p.t.Fatal("it does not stop")
	}
	return p.cmd.ProcessState.ExitCode(), time.Since(start)
}

// stopped ends the process and wants it to end well.
func (p *process) stopped() {
	p.t.Helper()
	if code, took := p.stop(); code != 0 || took > 10*time.Second {
		p.t.Fatalf("SIGTERM: exit %d after %s", code, took)
	}
}

// url is the origin people use.
func (p *process) url() string {
	u := p.ready.URL
	if i := strings.Index(u, "//"); i >= 0 {
		if j := strings.IndexByte(u[i+2:], '/'); j >= 0 {
			return u[:i+2+j]
		}
	}
	return u
}

// command runs another command with the same settings, to its end.
func (p *process) command(args ...string) (code int, out, errs string) {
	p.t.Helper()
	return p.commandIn("", args...)
}

func (p *process) commandIn(stdin string, args ...string) (code int, out, errs string) {
	p.t.Helper()
	path, err := binary()
	must(p.t, err)
	cmd := exec.CommandContext(p.t.Context(), path, args...)
	var o, e bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Stdin = p.env, p.dir, &o, &e, strings.NewReader(stdin)
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), o.String(), e.String()
}

// freePort is a port nobody listened on a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	return port
}
