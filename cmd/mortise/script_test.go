package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestScripts runs testdata/*.txt: lines of directives, then files after lines
// such as "-- name --". Directives:
//
//	env NAME=VALUE           for the runs that follow
//	tty in out err           which streams are terminals; alone: none
//	stdin TEXT               for the next run; \n is a line break
//	run ARGS                 runs the command
//	exit N                   must follow every run
//	stdout|stderr TEXT       contains it; stdout! and stderr! do not
//	stdout= TEXT             is exactly it, but for spaces around
//	request METHOD PATH [BODY]  the API was asked this, last
//	requests N               how often it was asked by the last run
//	mode NAME OCTAL          a file or folder has this mode
func TestScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 5 {
		t.Fatalf("found %d scripts, %v", len(names), err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.Mkdir("mortise-data", 0o700); err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, backend: &fakeBackend{}}
			s.play(s.unpack(string(text)))
		})
	}
}

type script struct {
	t           *testing.T
	backend     *fakeBackend
	environ     []string
	tty         terminal
	stdin       string
	out, err    bytes.Buffer
	code        int
	pending     bool // a run whose exit code nobody has looked at
	where, line string
}

// unpack writes the files at the end of the script and returns its lines.
func (s *script) unpack(text string) []string {
	var lines []string
	var file string
	for line := range strings.Lines(text) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "-- ")
		switch {
		case ok && strings.HasSuffix(name, " --"):
			file = strings.TrimSuffix(name, " --")
			s.must(os.MkdirAll(filepath.Dir(file), 0o755))
			s.must(os.WriteFile(file, nil, 0o644))
		case file != "":
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			s.must(err)
			_, err = f.WriteString(line)
			s.must(errors.Join(err, f.Close()))
		default:
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func (s *script) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) play(lines []string) {
	for i, line := range lines {
		if s.line = strings.TrimSpace(line); s.line == "" || strings.HasPrefix(s.line, "#") {
			continue
		}
		s.where = fmt.Sprintf("line %d", i+1)
		verb, rest, _ := strings.Cut(s.line, " ")
		if s.pending && verb != "exit" {
			s.t.Fatalf("%s: a run is followed by exit", s.where)
		}
		s.do(verb, strings.TrimSpace(rest))
	}
	if s.pending {
		s.t.Fatal("the last run is not followed by exit")
	}
}

func (s *script) do(verb, rest string) {
	switch verb {
	case "env":
		s.environ = append(s.environ, rest)
	case "tty":
		s.tty = terminal{in: strings.Contains(rest, "in"), out: strings.Contains(rest, "out"), err: strings.Contains(rest, "err")}
	case "stdin":
		s.stdin = strings.ReplaceAll(rest, `\n`, "\n")
	case "run":
		s.run(split(rest))
	case "exit":
		s.pending = false
		s.check(strconv.Itoa(s.code) == rest, "exit code %d", s.code)
	case "stdout":
		s.check(strings.Contains(s.out.String(), rest), "")
	case "stdout!":
		s.check(!strings.Contains(s.out.String(), rest), "")
	case "stdout=":
		s.check(strings.TrimSpace(s.out.String()) == rest, "")
	case "stderr":
		s.check(strings.Contains(s.err.String(), rest), "")
	case "stderr!":
		s.check(!strings.Contains(s.err.String(), rest), "")
	case "request":
		s.check(s.backend.last() == rest, "the last request was %s", s.backend.last())
	case "requests":
		s.check(strconv.Itoa(len(s.backend.asked)) == rest, "requests: %q", s.backend.asked)
	case "mode":
		s.mode(rest)
	default:
		s.t.Fatalf("%s: unknown directive %q", s.where, verb)
	}
}

func (s *script) check(ok bool, format string, args ...any) {
	s.t.Helper()
	if !ok {
		s.t.Errorf("%s: %s: %s\nstdout:\n%s\nstderr:\n%s", s.where, s.line, fmt.Sprintf(format, args...), &s.out, &s.err)
	}
}

func (s *script) run(args []string) {
	s.out.Reset()
	s.err.Reset()
	s.backend.asked = nil
	s.tty.readPassword = func() ([]byte, error) { return []byte(strings.TrimSpace(s.stdin)), nil }
	p := &program{
		in: strings.NewReader(s.stdin), out: &s.out, err: &s.err,
		environ: s.environ, tty: s.tty, backend: s.backend,
	}
	s.code, s.pending, s.stdin = p.run(s.t.Context(), args), true, ""
	if s.backend.opened != s.backend.closed {
		s.t.Errorf("%s: %s: opened %d times, closed %d times", s.where, s.line, s.backend.opened, s.backend.closed)
	}
}

func (s *script) mode(rest string) {
	name, want, _ := strings.Cut(rest, " ")
	info, err := os.Stat(name)
	s.must(err)
	s.check(fmt.Sprintf("%04o", info.Mode().Perm()) == want, "mode %04o", info.Mode().Perm())
}

// split cuts words as a shell does, with single quotes only.
func split(line string) []string {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}
