package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mortise-auth/mortise/cmd/mortise/internal/output"
	"github.com/mortise-auth/mortise/internal/apply"
	"github.com/mortise-auth/mortise/internal/apply/manifest"
)

func (p *program) planCommand() *cobra.Command {
	var check bool
	cmd := p.command(verb{
		use: "plan -f FILE", short: "Show what apply would change, and change nothing",
		long:     "Exit code 6 when something could not be applied; with --check also when something would change.",
		examples: [2]string{"mortise plan -f resources.yaml", "mortise plan -f resources/ --check"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.applyFiles(ctx, cmd, true, func(r apply.Result) error {
				if r.Failed > 0 || check && r.Applied > 0 {
					return fail(exitProblems, "plan_has_findings", fmt.Sprintf("%d to change, %d cannot be applied", r.Applied, r.Failed), "")
				}
				return nil
			})
		},
	})
	cmd.Flags().BoolVar(&check, "check", false, "exit 6 when anything would change")
	return applyFlags(cmd)
}

func (p *program) applyCommand() *cobra.Command {
	return applyFlags(p.command(verb{
		use: "apply -f FILE", short: "Bring roles, organisations, clients and people to the state of a file",
		long: "FILE is YAML, a folder of .yaml and .yml files, or - for standard input. Applying twice changes\n" +
			"nothing the second time. What a file does not mention is left alone. Passwords count only when\n" +
			"an account is created; a client_secret that differs replaces the one before within a day. Write both as\n" +
			"{env: NAME} or {file: path}.",
		examples: [2]string{"mortise apply -f resources/", "mortise apply -f people.yaml --allow-users"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.applyFiles(ctx, cmd, false, applied)
		},
	}))
}

func applied(r apply.Result) error {
	switch {
	case r.Failed > 0 && r.Failed < len(r.Changes):
		return fail(exitPartly, "some_failed", fmt.Sprintf("%d of %d could not be applied", r.Failed, len(r.Changes)), "")
	case r.Failed > 0:
		return fail(exitFailed, "all_failed", "nothing could be applied", "")
	}
	return nil
}

func applyFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringArrayP("file", "f", nil, "file, folder, or - for standard input; may be repeated")
	cmd.Flags().Bool("allow-users", false, "let the file create and change people on a production server")
	return cmd
}

func (p *program) applyFiles(ctx context.Context, cmd *cobra.Command, dry bool, verdict func(apply.Result) error) error {
	files, _ := cmd.Flags().GetStringArray("file")
	if len(files) == 0 {
		return usage("%s needs -f FILE", cmd.CommandPath())
	}
	want, err := p.manifests(files)
	if err != nil {
		return err
	}
	allow, _ := cmd.Flags().GetBool("allow-users")
	if len(want.Users) > 0 && !allow && !dry {
		return usage("the file declares people, which is for development and tests; on a real server say --allow-users")
	}
	a := newAct(http.MethodPost, "apply")
	a.path += fmt.Sprintf("?dry_run=%t&allow_users=%t", dry, allow || dry)
	if a.body, err = want.Body(); err != nil {
		return err
	}
	return p.api(ctx, cmd, func(s *session) error { return s.applyResult(a, dry, verdict) })
}

func (s *session) applyResult(a act, dry bool, verdict func(apply.Result) error) error {
	data, err := s.do(a)
	if err != nil {
		return err
	}
	var r apply.Result
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	if s.print.Format != output.Table {
		err = s.print.Object(data)
	} else {
		err = s.print.Text(changes(r, dry))
	}
	if err != nil {
		return err
	}
	return verdict(r)
}

// changes draws a result for people: + created, ~ changed, ! failed.
func changes(r apply.Result, dry bool) string {
	var b strings.Builder
	for _, c := range r.Changes {
		mark := map[apply.Action]string{apply.Create: "+", apply.Update: "~"}[c.Action]
		if c.Error != nil {
			mark = "!"
		}
		if mark == "" {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s\n", mark, c.Kind, output.Clean(c.Key))
		for _, f := range c.Fields {
			fmt.Fprintf(&b, "    %s: %s -> %s\n", f.Name, shortJSON(f.From), shortJSON(f.To))
		}
		if c.Error != nil {
			fmt.Fprintf(&b, "    %s: %s\n", c.Error.Code, output.Clean(c.Error.Detail))
		}
	}
	verb := "applied"
	if dry {
		verb = "to apply"
	}
	fmt.Fprintf(&b, "%d %s, %d unchanged, %d failed\n", r.Applied, verb, len(r.Changes)-r.Applied-r.Failed, r.Failed)
	return b.String()
}

func shortJSON(v any) string {
	if v == nil {
		return "nothing"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return output.Clean(string(b))
}

// readManifests unites files, folders and standard input into one wanted state.
func readManifests(files []string, stdin io.Reader, env func(string) (string, bool)) (apply.File, error) {
	res := &resolver{env: env}
	parser := manifest.NewParser(res)
	for _, name := range files {
		if err := addManifest(parser, res, name, stdin); err != nil {
			return apply.File{}, err
		}
	}
	return parser.File()
}

func addManifest(parser *manifest.Parser, res *resolver, name string, stdin io.Reader) error {
	if name == "-" {
		res.folder = "."
		return parser.Add("standard input", stdin)
	}
	info, err := os.Stat(name)
	if err != nil {
		return usage("%v", err)
	}
	if !info.IsDir() {
		return addFile(parser, res, name)
	}
	inside, err := yamlFiles(name)
	if err != nil {
		return err
	}
	for _, file := range inside {
		if err := addFile(parser, res, file); err != nil {
			return err
		}
	}
	return nil
}

func addFile(parser *manifest.Parser, res *resolver, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return usage("%v", err)
	}
	defer func() { _ = f.Close() }()
	res.folder = filepath.Dir(name)
	return parser.Add(name, f)
}

// yamlFiles lists the YAML files of a folder by name, without those below it.
func yamlFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, usage("%v", err)
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, usage("%s has no .yaml or .yml file", folder)
	}
	return files, nil
}

// resolver reads references of manifests from this process's environment and
// from files beside them.
type resolver struct {
	env    func(string) (string, bool)
	folder string
}

func (r *resolver) Env(name string) (string, error) {
	if v, ok := r.env(name); ok && v != "" {
		return v, nil
	}
	return "", fmt.Errorf("the variable %s is not set", name)
}

func (r *resolver) File(path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.folder, path)
	}
	b, err := os.ReadFile(path)
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), err
}
