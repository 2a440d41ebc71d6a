package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (p *program) helpCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show what a command is for",
		Example: "  mortise help users create\n  mortise help --json",
		RunE: func(_ *cobra.Command, args []string) error {
			target, rest, err := p.root.Find(args)
			if err != nil {
				return unknownVerb(p.root, args[0])
			}
			if len(rest) > 0 {
				return unknownVerb(target, rest[0])
			}
			p.help(target, nil)
			return nil
		},
	}
	return c
}

// help prints what a command is for, two examples, then the rest; with --json
// the tree from there on, for tools.
func (p *program) help(cmd *cobra.Command, _ []string) {
	if slices.Contains(p.args, "--json") {
		b, err := json.MarshalIndent(describe(cmd), "", "  ")
		if err == nil {
			fmt.Fprintf(p.out, "%s\n", b)
		}
		return
	}
	fmt.Fprint(p.out, helpText(cmd))
}

func helpText(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nExamples\n%s\n\nUsage\n  %s\n", cmd.Short, cmd.Example, useLine(cmd))
	if cmd.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", cmd.Long)
	}
	if children := available(cmd); len(children) > 0 {
		b.WriteString("\nCommands\n")
		wide := 15
		for _, c := range children {
			wide = max(wide, len(c.Name()))
		}
		for _, c := range children {
			fmt.Fprintf(&b, "  %-*s  %s\n", wide, c.Name(), c.Short)
		}
	}
	flagSection(&b, "Flags", cmd.LocalNonPersistentFlags())
	flagSection(&b, "Flags of every command", cmd.Root().PersistentFlags())
	return b.String()
}

func useLine(cmd *cobra.Command) string {
	line := cmd.CommandPath()
	if _, rest, ok := strings.Cut(cmd.Use, " "); ok {
		line += " " + rest
	}
	if len(available(cmd)) > 0 {
		line += " COMMAND"
	}
	return line + " [flags]"
}

func available(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() })
}

func flagSection(b *strings.Builder, title string, set *pflag.FlagSet) {
	lines := flagsOf(set)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	wide := 27
	for _, f := range lines {
		wide = max(wide, len(f.spelling()))
	}
	for _, f := range lines {
		fmt.Fprintf(b, "  %-*s  %s\n", wide, f.spelling(), f.Use)
	}
}

// flagDoc describes one flag.
type flagDoc struct {
	Name    string `json:"name"`
	Short   string `json:"short,omitempty"`
	Type    string `json:"type"`
	Default string `json:"default,omitempty"`
	Use     string `json:"use"`
}

func (f flagDoc) spelling() string {
	s := "--" + f.Name
	if f.Short != "" {
		s = "-" + f.Short + ", " + s
	}
	if f.Type != "bool" {
		s += " " + strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(f.Type, "Array"), "Slice"))
	}
	return s
}

func flagsOf(set *pflag.FlagSet) []flagDoc {
	var all []flagDoc
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		d := flagDoc{Name: f.Name, Short: f.Shorthand, Type: f.Value.Type(), Use: f.Usage}
		if f.DefValue != "false" && f.DefValue != "[]" {
			d.Default = f.DefValue
		}
		all = append(all, d)
	})
	return all
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// commandDoc describes a command and those below it.
type commandDoc struct {
	Command  string       `json:"command"`
	Use      string       `json:"use"`
	For      string       `json:"for"`
	Examples []string     `json:"examples"`
	Flags    []flagDoc    `json:"flags,omitempty"`
	Commands []commandDoc `json:"commands,omitempty"`
}

func describe(cmd *cobra.Command) commandDoc {
	d := commandDoc{Command: cmd.CommandPath(), Use: useLine(cmd), For: cmd.Short, Flags: flagsOf(cmd.LocalFlags())}
	for line := range strings.Lines(cmd.Example) {
		d.Examples = append(d.Examples, strings.TrimSpace(line))
	}
	for _, c := range available(cmd) {
		d.Commands = append(d.Commands, describe(c))
	}
	return d
}
