package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/cmd/mortise/internal/settings"
)

// program is one run of the command line. Everything it touches is in here, so
// tests run it in their own process.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	tty      terminal
	hangup   func(context.Context) <-chan os.Signal // nil: none
	backend  Backend

	args    []string
	started bool // a command was found and its arguments are right
	root    *cobra.Command
	print   *output.Printer
	global  globals
}

// terminal says which streams are one.
type terminal struct {
	in, out, err bool
	readPassword func() ([]byte, error) // without echo
}

// globals are the flags every command takes.
type globals struct {
	config, data             string
	json, yaml, table, quiet bool
	noColor                  bool
}

// run does what args say and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	p.args = args
	p.root = p.tree()
	p.root.SetArgs(append([]string{}, args...)) // never nil: cobra would read os.Args
	p.root.SetIn(p.in)
	p.root.SetOut(p.out)
	p.root.SetErr(p.err)
	p.print = p.printer(args)
	err := p.root.ExecuteContext(ctx)
	if err == nil || errors.Is(err, errShown) {
		return exitDone
	}
	pr := explain(ctx, err, p.started)
	p.print.Problem(pr)
	return pr.Exit
}

// printer settles the format from the words of the command line, because wrong
// usage must be answered in the right format too.
func (p *program) printer(args []string) *output.Printer {
	pr := &output.Printer{Out: p.out, Err: p.err, Format: output.JSON}
	if p.tty.out {
		pr.Format = output.Table
	}
	for flag, format := range map[string]output.Format{"--json": output.JSON, "--yaml": output.YAML, "--table": output.Table, "--quiet": output.Quiet, "-q": output.Quiet} {
		if slices.Contains(beforeDashes(args), flag) {
			pr.Format = format
		}
	}
	pr.Color = p.tty.err && !slices.Contains(args, "--no-color") && p.getenv("NO_COLOR") == "" && p.getenv("TERM") != "dumb"
	return pr
}

func beforeDashes(args []string) []string {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i]
	}
	return args
}

func (p *program) getenv(name string) string {
	v, _ := p.getenvOK(name)
	return v
}

// loaded reads the settings with the flags cmd was given.
func (p *program) loaded(cmd *cobra.Command) (*settings.Loaded, error) {
	return settings.Load(p.inputs(cmd))
}

// settingFlags are the flags that are settings, by name.
var settingFlags = map[string]string{
	"listen":       "listen",
	"url":          "url",
	"data":         "data",
	"admin-listen": "admin.listen",
	"log-level":    "log.level",
	"log-format":   "log.format",
}

func (p *program) inputs(cmd *cobra.Command) settings.Inputs {
	in := settings.Inputs{
		Flags:    map[string]settings.Flag{},
		Environ:  p.environ,
		Config:   p.global.config,
		ReadFile: os.ReadFile,
		ReadDir:  readDir,
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if key, ok := settingFlags[f.Name]; ok {
			in.Flags[key] = settings.Flag{Name: "--" + f.Name, Value: f.Value.String()}
		}
	})
	return in
}

func readDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// getenvOK is getenv for names that may be unset.
func (p *program) getenvOK(name string) (string, bool) {
	for _, kv := range slices.Backward(p.environ) {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v, true
		}
	}
	return "", false
}
