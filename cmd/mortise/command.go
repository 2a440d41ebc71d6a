package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// verb describes one command. Arguments are read off use: a word in capitals is
// needed, one in brackets is not.
type verb struct {
	use      string // get USER
	short    string // what it is for, one line
	long     string // more, if there is more to say
	examples [2]string
	aliases  []string
	run      func(ctx context.Context, cmd *cobra.Command, args []string) error
}

// command makes a cobra command that marks its start, so that whatever fails
// before is known to be wrong usage.
func (p *program) command(v verb) *cobra.Command {
	return &cobra.Command{
		Use:     v.use,
		Short:   v.short,
		Long:    v.long,
		Aliases: v.aliases,
		Example: "  " + strings.Join(v.examples[:], "\n  "),
		Args:    arguments(v.use),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.oneFormat(); err != nil {
				return err
			}
			p.started = true
			return v.run(cmd.Context(), cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

func (p *program) oneFormat() error {
	n := 0
	for _, on := range []bool{p.global.json, p.global.yaml, p.global.table, p.global.quiet} {
		if on {
			n++
		}
	}
	if n > 1 {
		return usage("--json, --yaml, --table and --quiet exclude each other; keep one")
	}
	return nil
}

// arguments checks the number of arguments against the words of use.
func arguments(use string) cobra.PositionalArgs {
	use, _, _ = strings.Cut(use, " -") // a flag that must be given is no argument
	words := strings.Fields(use)[1:]
	least := 0
	for _, w := range words {
		if !strings.HasPrefix(w, "[") {
			least++
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usage("%s needs %s; see %s --help", cmd.CommandPath(), words[len(args)], cmd.CommandPath())
		}
		if len(args) > len(words) {
			return usage("%s takes %s, got one more: secrets are never arguments, and texts with spaces need quotes", cmd.CommandPath(), counted(len(words)))
		}
		return nil
	}
}

func counted(n int) string {
	switch n {
	case 0:
		return "no argument"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// group makes a command that only holds others.
func (p *program) group(use, short string, examples [2]string, children ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use:     use,
		Short:   short,
		Example: "  " + strings.Join(examples[:], "\n  "),
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return usage("%s needs a verb: %s", cmd.CommandPath(), strings.Join(verbs(cmd), ", "))
		},
	}
	g.AddCommand(children...)
	return g
}

func verbs(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

func unknownVerb(cmd *cobra.Command, name string) error {
	known := verbs(cmd)
	for _, other := range synonyms[name] {
		if slices.Contains(known, other) {
			return usage("unknown command %q for %s; did you mean %s?", name, cmd.CommandPath(), other)
		}
	}
	if near := settings.Nearest(name, known); near != "" {
		return usage("unknown command %q for %s; did you mean %s?", name, cmd.CommandPath(), near)
	}
	return usage("unknown command %q for %s; see %s --help", name, cmd.CommandPath(), cmd.CommandPath())
}

// tree is the whole command line.
func (p *program) tree() *cobra.Command {
	root := p.group("mortise", "Accounts, passwords and sessions for your apps, in one file", [2]string{
		"mortise dev                                    try it, nothing to set up",
		"mortise init --url https://id.example.org      begin a real server",
	},
		p.devCommand(), p.initCommand(), p.serveCommand(), p.setupCommand(), p.statusCommand(), p.doctorCommand(), p.whyCommand(),
		p.configCommand(), p.databaseCommand(), p.planCommand(), p.applyCommand(),
		p.usersCommand(), p.rolesCommand(), p.policyCommand(), p.organizationsCommand(), p.keysCommand(), p.tokensCommand(), p.passwordsCommand(),
		p.clientsCommand(), p.initialTokensCommand(), p.resourcesCommand(), p.scopesCommand(), p.sitesCommand(), p.connectionsCommand(), p.logoutsCommand(), p.proxyCommand(),
		p.versionCommand(), p.completionCommand(), p.manCommand(),
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(p.helpCommand())
	root.SetHelpFunc(p.help)
	root.SetFlagErrorFunc(flagError)
	p.globalFlags(root)
	return root
}

func (p *program) globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVar(&p.global.config, "config", "", "settings file (default: MORTISE_CONFIG, then mortise.yaml)")
	f.StringVar(&p.global.data, "data", "", "data folder")
	f.BoolVar(&p.global.json, "json", false, "one JSON object, or one a line; the default when standard output is no terminal")
	f.BoolVar(&p.global.yaml, "yaml", false, "YAML")
	f.BoolVar(&p.global.table, "table", false, "a table; the default on a terminal")
	f.BoolVarP(&p.global.quiet, "quiet", "q", false, "keys only, no words")
	f.BoolVar(&p.global.noColor, "no-color", false, "no colour; as NO_COLOR and TERM=dumb")
}

// secretFlags are names people try for what must not be an argument: the list
// of processes and the shell's history show arguments to others.
var secretFlags = []string{"password", "pass", "secret", "secret-key", "token", "new-password", "smtp-url", "database-url", "client-secret"}

func flagError(cmd *cobra.Command, err error) error {
	message := err.Error()
	for _, name := range secretFlags {
		if message == "unknown flag: --"+name {
			return fail(exitUsage, "secret_as_argument", "a secret is never an argument: other users of this machine and the shell's history can read it",
				"Use --password-stdin or --password-prompt for a password; settings that hold secrets come from the file or the environment, see mortise config --help.")
		}
	}
	if name, ok := strings.CutPrefix(message, "unknown flag: --"); ok {
		if near := settings.Nearest(name, flagNames(cmd)); near != "" {
			return usage("%s; did you mean --%s?", message, near)
		}
	}
	if flag, value, ok := notNumber(message); ok {
		return usage("--%s wants a whole number, and %q is none", flag, value)
	}
	return usage("%s; see %s --help", message, cmd.CommandPath())
}

// notNumber is what pflag says of a value that strconv does not read, without either.
func notNumber(message string) (flag, value string, ok bool) {
	rest, ok := strings.CutPrefix(message, `invalid argument "`)
	if !ok || !strings.Contains(rest, "strconv.ParseInt") {
		return "", "", false
	}
	value, rest, _ = strings.Cut(rest, `" for "`)
	names, _, ok := strings.Cut(rest, `" flag: `)
	return names[strings.LastIndex(names, "--")+2:], value, ok
}
