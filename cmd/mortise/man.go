package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (p *program) manCommand() *cobra.Command {
	return p.command(verb{
		use: "man DIR", short: "Write manual pages into a folder",
		examples: [2]string{"mortise man /usr/local/share/man/man1", "mortise man . && man ./mortise-users-list.1"},
		run: func(_ context.Context, _ *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			n := 0
			for _, c := range everyCommand(p.root) {
				name := filepath.Join(args[0], strings.ReplaceAll(c.CommandPath(), " ", "-")+".1")
				if err := os.WriteFile(name, []byte(manPage(c)), 0o644); err != nil {
					return err
				}
				n++
			}
			return p.print.Value(struct {
				Folder string `json:"folder"`
				Pages  int    `json:"pages"`
			}{args[0], n}, "folder", "pages")
		},
	})
}

// everyCommand lists c and all below it, parents first.
func everyCommand(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, child := range available(c) {
		all = append(all, everyCommand(child)...)
	}
	return all
}

// exitCodes is the promise about how commands end, for the manual and the reference.
var exitCodes = []struct {
	code  int
	means string
}{
	{exitDone, "done"},
	{exitFailed, "failed"},
	{exitUsage, "wrong usage or configuration"},
	{exitPartly, "finished, but some items failed"},
	{exitDenied, "not signed in or not allowed"},
	{exitUnconfirmed, "needs confirmation: a preview was printed and nothing done"},
	{exitProblems, "a check found problems"},
	{exitInterrupted, "interrupted"},
}

// manPage draws one command in the macros of man(7).
func manPage(c *cobra.Command) string {
	var b strings.Builder
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1\n.SH NAME\n%s \\- %s\n", strings.ToUpper(roff(name)), roff(name), roff(c.Short))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n%s\n", roff(useLine(c)))
	if c.Long != "" {
		fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", roff(c.Long))
	}
	fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(unindent(c.Example)))
	for _, section := range []struct {
		title string
		flags []flagDoc
	}{{"OPTIONS", flagsOf(c.LocalNonPersistentFlags())}, {"OPTIONS OF EVERY COMMAND", flagsOf(c.Root().PersistentFlags())}} {
		if len(section.flags) == 0 {
			continue
		}
		fmt.Fprintf(&b, ".SH %s\n", section.title)
		for _, f := range section.flags {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR\n%s\n", roff(f.spelling()), roff(f.Use))
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exitCodes {
		fmt.Fprintf(&b, ".TP\n%d\n%s\n", e.code, roff(e.means))
	}
	if also := neighbours(c); len(also) > 0 {
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", roff(strings.Join(also, ", ")))
	}
	return b.String()
}

func neighbours(c *cobra.Command) []string {
	var names []string
	if c.HasParent() {
		names = append(names, c.Parent().CommandPath())
	}
	for _, child := range available(c) {
		names = append(names, child.CommandPath())
	}
	for i, n := range names {
		names[i] = strings.ReplaceAll(n, " ", "-") + "(1)"
	}
	return names
}

// roff escapes text: backslashes and hyphens, and what would be a request at the
// beginning of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

func unindent(s string) string {
	lines := slices.Collect(strings.Lines(s))
	for i, l := range lines {
		lines[i] = strings.TrimLeft(l, " ")
	}
	return strings.Join(lines, "")
}
