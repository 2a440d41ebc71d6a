package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

func (p *program) serveCommand() *cobra.Command {
	cmd := p.command(verb{
		use: "serve", short: "Run the server",
		long: "SIGTERM finishes what has begun, for at most 10 seconds, and ends.\n" +
			"SIGHUP reads certificates again; other settings need a restart.",
		examples: [2]string{"mortise serve", "mortise serve --config /etc/mortise/mortise.yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			l, err := p.loaded(cmd)
			if err != nil {
				return err
			}
			if err := l.Settings.ForServe(); err != nil {
				return err
			}
			run := p.serverRun(ctx, l.Settings)
			run.Ready = p.readyServe
			return stopped(ctx, p.backend.Serve(ctx, l.Settings, run))
		},
	})
	f := cmd.Flags()
	f.String("url", "", "public address; setting url")
	f.String("listen", "", "host:port; setting listen")
	f.String("admin-listen", "", "host:port of metrics; setting admin.listen")
	logFlags(cmd)
	return cmd
}

// stopped is the outcome of a server: to be told to stop is not to be
// interrupted, but what went wrong on the way out counts.
func stopped(ctx context.Context, err error) error {
	switch {
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
		return nil
	case ctx.Err() != nil:
		return fail(exitFailed, "stop_failed", "the server did not stop cleanly", err.Error())
	}
	return err
}

func logFlags(cmd *cobra.Command) {
	cmd.Flags().String("log-level", "", "debug, info, warn or error; setting log.level")
	cmd.Flags().String("log-format", "", "auto, text or json; setting log.format")
}

func (p *program) serverRun(ctx context.Context, s settings.Settings) Run {
	run := Run{Stderr: p.err, JSON: s.Log.Format == "json" || s.Log.Format == "auto" && !p.tty.err}
	if p.hangup != nil {
		run.Reload = p.hangup(ctx)
	}
	return run
}

// readyServe says that the server answers: lines on a terminal, else one object.
func (p *program) readyServe(r Ready) {
	if p.print.Format == output.JSON {
		p.readyObject(r)
		return
	}
	parts := []string{fmt.Sprintf("ready in %.1f s", r.Took.Seconds()), r.URL, r.Engine, r.Certificate}
	fmt.Fprintln(p.out, "  "+output.Clean(joinNonEmpty(parts, "   ")))
	lines := [][2]string{{"listens on", r.Listen}, {"metrics", r.Admin}}
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(p.out, "  %-12s %s\n", l[0], output.Clean(l[1]))
		}
	}
	if r.SetupCode != "" {
		fmt.Fprintf(p.out, "  no administrator yet. Open %s and enter   %s   (%s, once)\n", output.Clean(r.SetupURL), r.SetupCode, span(r.SetupExpires))
	}
}

// readyObject is the one line a program that starts a server waits for.
func (p *program) readyObject(r Ready) {
	o := map[string]any{"ready": true, "url": r.URL, "took_ms": r.Took.Milliseconds()}
	for k, v := range map[string]string{
		"listen": r.Listen, "admin": r.Admin, "engine": r.Engine, "certificate": r.Certificate,
		"setup_url": r.SetupURL, "setup_code": r.SetupCode,
		"mailbox": r.Mailbox, "provider": r.Provider, "api_docs": r.APIDocs, "data": r.Folder, "enter_code": r.EnterCode,
	} {
		if v != "" {
			o[k] = v
		}
	}
	if !r.SetupExpires.IsZero() {
		o["setup_expires_at"] = r.SetupExpires.UTC().Format(time.RFC3339)
	}
	if err := p.print.Value(o); err != nil {
		p.print.Words("%v", err)
	}
}

func joinNonEmpty(parts []string, between string) string {
	kept := parts[:0]
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, between)
}

// span is the time left until t, in minutes.
func span(t time.Time) string {
	return fmt.Sprintf("%d minutes", int(time.Until(t).Round(time.Minute).Minutes()))
}

// isEmptyDir reports whether nothing is at path, or an empty folder.
func isEmptyDir(path string) bool {
	entries, err := os.ReadDir(path)
	return os.IsNotExist(err) || err == nil && len(entries) == 0
}
