package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

var update = flag.Bool("update", false, "rewrite generated pages")

func newProgram(b Backend, environ ...string) (p *program, out, err *bytes.Buffer) {
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &program{in: strings.NewReader(""), out: out, err: err, environ: environ, backend: b}, out, err
}

// The pages are what the code says.
func TestReferencePages(t *testing.T) {
	p, _, _ := newProgram(&fakeBackend{})
	p.root = p.tree()
	docs := filepath.Join("..", "..", "docs", "reference")
	for name, want := range map[string]string{"cli.md": p.reference(), "configuration.md": settings.Reference()} {
		file := filepath.Join(docs, name)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is out of date; run go test ./cmd/mortise -update\n%s", name, diff)
		}
	}
}

// Every command says what it is for, gives two examples that begin with it, and
// none is hidden.
func TestEveryCommandExplainsItself(t *testing.T) {
	p, _, _ := newProgram(&fakeBackend{})
	p.root = p.tree()
	all := everyCommand(p.root)
	if len(all) < 40 {
		t.Fatalf("only %d commands", len(all))
	}
	for _, c := range all {
		d := describe(c)
		if d.For == "" || strings.HasSuffix(d.For, ".") || len(d.Examples) != 2 || !strings.Contains(d.Examples[0], c.CommandPath()) && !c.HasSubCommands() {
			t.Errorf("%s: %q %q", d.Command, d.For, d.Examples)
		}
		if c.Hidden {
			t.Errorf("%s is hidden", d.Command)
		}
		for _, f := range d.Flags {
			if f.Use == "" {
				t.Errorf("%s --%s says nothing", d.Command, f.Name)
			}
		}
		if page := manPage(c); !strings.HasPrefix(page, ".TH MORTISE") || strings.Contains(page, "\n. ") {
			t.Errorf("%s: manual page %q", d.Command, page)
		}
	}
}

// No flag can carry a secret.
func TestNoFlagTakesASecret(t *testing.T) {
	p, _, _ := newProgram(&fakeBackend{})
	p.root = p.tree()
	for _, c := range everyCommand(p.root) {
		for _, name := range secretFlags {
			if c.Flag(name) != nil {
				t.Errorf("%s has --%s", c.CommandPath(), name)
			}
		}
	}
}

// TH-25: with a server running, commands use its socket and open nothing.
func TestCommandsUseTheSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "m") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := listenSocket(dir)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, socketName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", info.Mode(), err)
	}
	serving := &fakeBackend{}
	srv := &http.Server{Handler: serving, ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })

	own := &fakeBackend{}
	p, out, stderr := newProgram(own)
	if code := p.run(t.Context(), []string{"users", "disable", "ada@example.test", "--data", dir}); code != 0 {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if serving.last() != "POST /api/v1/users/ada@example.test/disable" || own.opened != 0 {
		t.Errorf("the server was asked %q; opened %d", serving.asked, own.opened)
	}
	if !strings.Contains(out.String(), "usr_1") {
		t.Errorf("printed %q", out)
	}
}

// A socket nobody listens on is what kill -9 leaves behind.
func TestCommandsPassADeadSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "m")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, socketName), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := listenSocket(dir); err != nil { // the next server takes its place
		t.Errorf("listen again: %v", err)
	} else {
		again.(*net.UnixListener).SetUnlinkOnClose(false)
		_ = again.Close()
	}
	own := &fakeBackend{}
	p, _, stderr := newProgram(own)
	if code := p.run(t.Context(), []string{"status", "--data", dir}); code != 0 || own.opened != 1 {
		t.Errorf("exit %d, opened %d: %s", code, own.opened, stderr)
	}
}

func TestInterruptedIs130(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, _, stderr := newProgram(&fakeBackend{})
	if code := p.run(ctx, []string{"users", "list", "--data", t.TempDir()}); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// A server that was told to stop and did has done its work; one that could not
// finish says so.
func TestStoppedServer(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{{nil, exitDone}, {context.Canceled, exitDone}, {errors.New("disk full"), exitFailed}} {
		ctx, cancel := context.WithCancel(t.Context())
		b := &fakeBackend{onServe: func(ctx context.Context, _ Run) error {
			cancel()
			<-ctx.Done()
			return tt.err
		}}
		p, _, stderr := newProgram(b, "MORTISE_URL=https://id.example.test", "MORTISE_SECRET_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
		if code := p.run(ctx, []string{"serve"}); code != tt.want {
			t.Errorf("%v: exit %d: %s", tt.err, code, stderr)
		}
	}
}

func TestServeReloadsOnHangup(t *testing.T) {
	hangups := make(chan os.Signal, 1)
	b := &fakeBackend{onServe: func(_ context.Context, run Run) error {
		hangups <- os.Interrupt
		<-run.Reload
		return nil
	}}
	p, _, stderr := newProgram(b, "MORTISE_URL=https://id.example.test", "MORTISE_SECRET_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
	p.hangup = func(context.Context) <-chan os.Signal { return hangups }
	if code := p.run(t.Context(), []string{"serve"}); code != exitDone {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestColorOnlyWhereWanted(t *testing.T) {
	for _, tt := range []struct {
		environ []string
		args    []string
		tty     bool
		want    bool
	}{
		{nil, nil, true, true},
		{nil, nil, false, false},
		{[]string{"NO_COLOR=1"}, nil, true, false},
		{[]string{"TERM=dumb"}, nil, true, false},
		{nil, []string{"--no-color"}, true, false},
	} {
		p, _, stderr := newProgram(&fakeBackend{}, tt.environ...)
		p.tty = terminal{out: tt.tty, err: tt.tty}
		p.run(t.Context(), append([]string{"users", "get", "ghost", "--data", "."}, tt.args...))
		if got := strings.Contains(stderr.String(), "\x1b["); got != tt.want {
			t.Errorf("%+v: %q", tt, stderr)
		}
	}
}

// The tree is JSON that names every command once.
func TestHelpTree(t *testing.T) {
	p, out, _ := newProgram(&fakeBackend{})
	if code := p.run(t.Context(), []string{"--help", "--json"}); code != 0 {
		t.Fatal(code)
	}
	var d commandDoc
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Command != "mortise" || len(d.Commands) < 15 {
		t.Errorf("%s with %d commands", d.Command, len(d.Commands))
	}
}

func TestQuoteIsOneWord(t *testing.T) {
	for in, want := range map[string]string{"": "''", "a b": "'a b'", "it's": `'it'\''s'`, "plain@x.test": "plain@x.test", "$HOME": "'$HOME'"} {
		if got := quote(in); got != want {
			t.Errorf("quote(%q) = %s, want %s", in, got, want)
		}
	}
}
