package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
	"github.com/mortise-auth/mortise/internal/apply"
)

func (p *program) devCommand() *cobra.Command {
	var files []string
	var open bool
	cmd := p.command(verb{
		use: "dev", short: "Run a development server: in memory, loopback only, with demo people and a mailbox",
		long: "Reads no mortise.yaml unless --config or MORTISE_CONFIG names one. Without --listen it takes\n" +
			"the next free port when 8080 is busy, and says so.",
		examples: [2]string{"mortise dev", "mortise dev --data ./dev-data --apply people.yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.dev(ctx, cmd, files, open)
		},
	})
	f := cmd.Flags()
	f.String("listen", "", "host:port, on loopback (default 127.0.0.1:8080)")
	f.StringArrayVar(&files, "apply", nil, "file or folder that replaces the demo people; may be repeated")
	f.BoolVar(&open, "open", false, "open the sign-in page in a browser")
	logFlags(cmd)
	return cmd
}

func (p *program) dev(ctx context.Context, cmd *cobra.Command, files []string, open bool) error {
	in := p.inputs(cmd)
	in.NamedOnly, in.PortHost = true, "127.0.0.1"
	l, err := settings.Load(in)
	if err != nil {
		return err
	}
	if err := devSettings(l); err != nil {
		return err
	}
	want, err := p.manifests(files)
	if err != nil {
		return err
	}
	run := p.serverRun(ctx, l.Settings)
	run.Ready = func(r Ready) { p.readyDev(r, open) }
	dev := Dev{Folder: p.global.data, Explicit: l.Explicit("listen"), Apply: want}
	return stopped(ctx, p.backend.Dev(ctx, l.Settings, dev, run))
}

// production are settings that lead to real data or to a network. A development
// server marks what it opens, so it must not open by accident what an
// environment variable happens to name.
var production = []string{
	"database.url", "http.insecure_plain", "http.redirect_listen", "tls.cert_file", "tls.key_file",
	"tls.acme.enabled", "trusted_proxies",
}

// devSettings holds the fence of TH-29: loopback, by name, never real data.
func devSettings(l *settings.Loaded) error {
	var faults settings.Faults
	for _, s := range l.All {
		if slices.Contains(production, s.Key) && s.Origin.Layer != "default" ||
			s.Key == "data" && s.Origin.Layer != "default" && s.Origin.Layer != "flag" {
			faults = append(faults, settings.Fault{Key: s.Key, Where: s.Origin.Source, Message: "is for mortise serve; unset it to run mortise dev, which keeps its data in memory or in --data"})
		}
	}
	if !settings.Loopback(l.Settings.Listen) {
		faults = append(faults, settings.Fault{Key: "listen", Message: l.Settings.Listen + " is not loopback: a development server lets anybody in who reaches it"})
	}
	if u, err := url.Parse(l.Settings.URL); l.Settings.URL != "" && (err != nil || !settings.Loopback(net.JoinHostPort(u.Hostname(), "0"))) {
		faults = append(faults, settings.Fault{Key: "url", Message: l.Settings.URL + " is not loopback: a development server is for this machine only"})
	}
	if len(faults) == 0 {
		return nil
	}
	return faults
}

// readyDev prints the map of a development server.
func (p *program) readyDev(r Ready, open bool) {
	if p.print.Format == output.JSON {
		p.readyObject(r)
	} else {
		fmt.Fprint(p.out, devMap(r))
	}
	if open {
		p.browse(r.URL)
	}
}

func devMap(r Ready) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n  mortise %s  DEVELOPMENT MODE - loopback only, throw-away keys, do not expose\n\n", version)
	line := func(name, value, note string) {
		if value != "" {
			b.WriteString(strings.TrimRight(fmt.Sprintf("  %-12s %-36s %s", name, output.Clean(value), output.Clean(note)), " ") + "\n")
		}
	}
	line("Sign in", r.URL, "")
	line("Mailbox", r.Mailbox, "every mail lands here")
	line("Provider", r.Provider, "made-up people to sign in with")
	line("API docs", r.APIDocs, "")
	if r.Folder == "" {
		line("Data", "in memory", "(keep it: mortise dev --data ./mortise-data)")
	} else {
		line("Data", r.Folder, "")
	}
	line("Enter as", r.EnterCode, "the code the page asks for, once per browser")
	b.WriteByte('\n')
	name := "People"
	for _, person := range r.People {
		line(name, person.Email, person.Note)
		name = ""
	}
	line("Next", "mortise init", "when you want a real server")
	b.WriteByte('\n')
	return b.String()
}

// browse opens address for the person at this terminal, if there is one.
func (p *program) browse(address string) {
	if err := p.canBrowse(); err != nil {
		p.print.Words("no browser opened: %v", err)
		return
	}
	name := "xdg-open"
	if runtime.GOOS == "darwin" {
		name = "open"
	}
	c := exec.Command(name, address)
	if err := c.Start(); err != nil {
		p.print.Words("no browser opened: %v", err)
		return
	}
	go func() { _ = c.Wait() }() // only to leave no zombie; its outcome is on the screen
}

func (p *program) canBrowse() error {
	switch {
	case !p.tty.out:
		return errors.New("standard output is no terminal")
	case p.getenv("CI") != "":
		return errors.New("CI is set")
	case runtime.GOOS == "linux" && p.getenv("DISPLAY") == "" && p.getenv("WAYLAND_DISPLAY") == "":
		return errors.New("there is no display")
	}
	return nil
}

// manifests reads declarative files for this command.
func (p *program) manifests(files []string) (apply.File, error) {
	if len(files) == 0 {
		return apply.File{}, nil
	}
	return readManifests(files, p.in, p.getenvOK)
}
