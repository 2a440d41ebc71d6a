package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

const maxTokenText = 16 << 10 // bytes; tokens of ours are under 4 KiB

func (p *program) tokensCommand() *cobra.Command {
	return p.group("tokens", "Find out what a token is, and why it is refused", [2]string{
		"mortise tokens inspect - < token.txt",
		"mortise tokens verify token.txt",
	}, p.tokensInspect(), p.tokensVerify())
}

var tokenColumns = []string{
	"kind", "valid", "findings", "sub", "email", "client_id", "scope", "aud", "issued_at", "expires_at", "kid", "key_state",
	"grant", "grant_ended_at", "grant_cause", "generation", "session", "device", "session_ended_at", "session_cause",
}

const tokenSource = "SOURCE is a file with the token, or - for standard input: a token is never an argument. It goes to the\n" +
	"server of this host only, by its socket, and nothing is used up."

func (p *program) tokensInspect() *cobra.Command {
	return p.command(verb{
		use: "inspect SOURCE", short: "Show whose a token is, of which session, grant and key, and why it is not valid",
		long:     tokenSource,
		examples: [2]string{"mortise tokens inspect - < token.txt", "mortise tokens inspect token.txt --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			found, _, err := p.inspected(ctx, cmd, args[0])
			if err != nil {
				return err
			}
			return p.print.Object(found, tokenColumns...)
		},
	})
}

func (p *program) tokensVerify() *cobra.Command {
	return p.command(verb{
		use: "verify SOURCE", short: "Say whether a token is valid now; ends with 6 when it is not",
		long:     tokenSource,
		examples: [2]string{"mortise tokens verify - < token.txt", "mortise tokens verify token.txt --quiet"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			found, verdict, err := p.inspected(ctx, cmd, args[0])
			if err != nil {
				return err
			}
			if err := p.print.Object(found, "kind", "valid", "findings", "expires_at"); err != nil || verdict.Valid {
				return err
			}
			return fail(exitProblems, "token_not_valid", "the token is not valid: "+strings.Join(verdict.Findings, ", "), "")
		},
	})
}

type verdict struct {
	Valid    bool     `json:"valid"`
	Findings []string `json:"findings"`
}

func (p *program) inspected(ctx context.Context, cmd *cobra.Command, source string) (found json.RawMessage, v verdict, err error) {
	text, err := p.tokenFrom(source)
	if err != nil {
		return nil, v, err
	}
	a, err := newAct(http.MethodPost, "tokens", "inspect").with(map[string]string{"token": text})
	if err != nil {
		return nil, v, err
	}
	err = p.api(ctx, cmd, func(s *session) error {
		if found, err = s.do(a); err != nil {
			return err
		}
		return json.Unmarshal(found, &v)
	})
	return found, v, err
}

// tokenFrom reads a token from a file or standard input.
func (p *program) tokenFrom(source string) (string, error) {
	if strings.HasPrefix(source, "mrt_") || strings.HasPrefix(source, "eyJ") {
		return "", fail(exitUsage, "secret_as_argument", "a secret is never an argument: other users of this machine and the shell's history can read it",
			"Use - and standard input, or a file. Take the token back if anybody may have seen it.")
	}
	in := p.in
	if source != "-" {
		f, err := os.Open(source)
		if err != nil {
			return "", usage("%v", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	line, err := readLine(in, maxTokenText)
	if err != nil {
		return "", err
	}
	line = string(bytes.TrimSpace([]byte(line)))
	if line == "" {
		return "", usage("there is no token on the first line of %s", source)
	}
	return line, nil
}
