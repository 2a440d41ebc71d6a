package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

const maxPassword = 4096 // bytes, as the server has it

func addPassword(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool("password-stdin", false, "read the password from standard input, up to the first line break")
	cmd.Flags().Bool("password-prompt", false, "ask for the password, without echo")
	return cmd
}

// password reads what the flags of addPassword ask for; "" without them.
func (p *program) password(cmd *cobra.Command) (string, error) {
	stdin, _ := cmd.Flags().GetBool("password-stdin")
	prompt, _ := cmd.Flags().GetBool("password-prompt")
	switch {
	case stdin && prompt:
		return "", usage("--password-stdin and --password-prompt exclude each other")
	case stdin:
		return p.passwordLine()
	case prompt:
		return p.passwordPrompt()
	}
	return "", nil
}

// placeholder stands for a password where an act is only printed.
func placeholder(cmd *cobra.Command) string {
	if cmd.Flags().Changed("password-stdin") || cmd.Flags().Changed("password-prompt") {
		return "PASSWORD"
	}
	return ""
}

func (p *program) passwordLine() (string, error) {
	line, err := readLine(p.in, maxPassword+2)
	if err != nil {
		return "", err
	}
	if line == "" {
		return "", usage("standard input has no password on its first line")
	}
	return line, nil
}

func (p *program) passwordPrompt() (string, error) {
	if !p.tty.in || !p.tty.err {
		return "", usage("--password-prompt needs a terminal; use --password-stdin")
	}
	first, err := p.ask("Password: ")
	if err != nil {
		return "", err
	}
	again, err := p.ask("Once more: ")
	if err != nil {
		return "", err
	}
	if !bytes.Equal(first, again) || len(first) == 0 {
		return "", usage("the two passwords differ or are empty; nothing was done")
	}
	return string(first), nil
}

func (p *program) ask(words string) ([]byte, error) {
	fmt.Fprint(p.err, words)
	b, err := p.tty.readPassword()
	fmt.Fprintln(p.err)
	return b, err
}

// readLine reads one line of at most limit bytes and nothing after it.
func readLine(r io.Reader, limit int) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) <= limit {
		n, err := r.Read(b[:])
		if n == 1 && b[0] == '\n' {
			return string(bytes.TrimSuffix(line, []byte("\r"))), nil
		}
		if n == 1 {
			line = append(line, b[0])
		}
		if errors.Is(err, io.EOF) {
			return string(bytes.TrimSuffix(line, []byte("\r"))), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", usage("the first line of standard input is longer than %d bytes", limit)
}
