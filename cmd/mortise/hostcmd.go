package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
)

func (p *program) setupCommand() *cobra.Command {
	return addAs(p.command(verb{
		use: "setup", short: "Open the setup page again and print its code, while there is no administrator",
		examples: [2]string{"mortise setup", "mortise setup --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodPost, "setup"), "code", "url", "expires_at")
			})
		},
	}))
}

func (p *program) statusCommand() *cobra.Command {
	return addAs(p.command(verb{
		use: "status", short: "Show whether the server is well: version, store, mail, certificate",
		examples: [2]string{"mortise status", "mortise status --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "status")) })
		},
	}))
}

func (p *program) versionCommand() *cobra.Command {
	return p.command(verb{
		use: "version", short: "Show which Mortise this is",
		examples: [2]string{"mortise version", "mortise version --json"},
		run: func(context.Context, *cobra.Command, []string) error {
			return p.print.Value(struct {
				Version string `json:"version"`
				Commit  string `json:"commit"`
				Date    string `json:"date"`
				Go      string `json:"go"`
				System  string `json:"system"`
			}{version, commit, date, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}, "version", "commit", "date", "go", "system")
		},
	})
}

func (p *program) passwordsCommand() *cobra.Command {
	return p.group("passwords", "Prepare what passwords are checked against", [2]string{
		"mortise passwords corpus pwned.txt corpus.filter",
		"mortise passwords corpus - corpus.filter < pwned.txt",
	}, p.passwordsCorpus())
}

func (p *program) passwordsCorpus() *cobra.Command {
	return p.command(verb{
		use: "corpus IN OUT", short: "Turn a downloaded breach corpus into the filter of password.corpus_file",
		long: "IN is a list of SHA-1 hashes, ordered by hash, as the downloader of Have I Been Pwned writes it;\n" +
			"- is standard input. OUT must not exist.",
		examples: [2]string{"mortise passwords corpus pwned.txt corpus.filter", "mortise passwords corpus - corpus.filter < pwned.txt"},
		run: func(ctx context.Context, _ *cobra.Command, args []string) error {
			return p.corpus(ctx, args[0], args[1])
		},
	})
}

// corpus builds into a file beside out and renames it, so that out is never half
// a filter.
func (p *program) corpus(ctx context.Context, in, out string) (err error) {
	if _, err := os.Lstat(out); err == nil {
		return usage("%s exists; choose another name or remove it", out)
	}
	source := p.in
	if in != "-" {
		f, err := os.Open(in)
		if err != nil {
			return usage("%v", err)
		}
		defer func() { _ = f.Close() }()
		source = f
	}
	part, err := os.CreateTemp(filepath.Dir(out), ".corpus-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = part.Close()
		_ = os.Remove(part.Name()) // gone already when all went well
	}()
	n, err := p.backend.BuildCorpus(ctx, source, part)
	if err != nil {
		return err
	}
	if err := part.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), out); err != nil {
		return err
	}
	p.print.Words("set password.corpus_file to %s", out)
	return p.print.Value(struct {
		File    string `json:"file"`
		Entries int64  `json:"entries"`
	}{out, n}, "file", "entries")
}

func (p *program) completionCommand() *cobra.Command {
	cmd := p.command(verb{
		use: "completion SHELL", short: "Print completions for bash, zsh, fish or powershell",
		examples: [2]string{"mortise completion bash > /etc/bash_completion.d/mortise", "mortise completion fish | source"},
		run: func(_ context.Context, _ *cobra.Command, args []string) error {
			return p.completion(args[0])
		},
	})
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"bash", "zsh", "fish", "powershell"}, cobra.ShellCompDirectiveNoFileComp)
	return cmd
}

func (p *program) completion(shell string) error {
	switch shell {
	case "bash":
		return p.root.GenBashCompletionV2(p.out, true)
	case "zsh":
		return p.root.GenZshCompletion(p.out)
	case "fish":
		return p.root.GenFishCompletion(p.out, true)
	case "powershell":
		return p.root.GenPowerShellCompletionWithDesc(p.out)
	}
	return usage("there are completions for bash, zsh, fish and powershell, not for %s", fmt.Sprintf("%q", shell))
}
