// Command bench measures Mortise beside its floors.
//
//	bench [-quick] [-run REGEXP] [-o FILE]     the table of docs/benchmarks.md
//	bench load [-url URL | -bin FILE] …        load against a running server
//
// It is run from the repository's root by make bench and make bench-load.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 2 && args[0] == "serve":
		return serve(args[1], args[2], args[3:])
	case len(args) > 0 && args[0] == "load":
		return runLoad(args[1:])
	}
	return runTable(args)
}

// bench is one run of the table.
type bench struct {
	report
	ctx  context.Context
	self string // this program, to start servers
	tmp  string
}

// rounds is how often something is repeated: full, or a part of it when quick.
func (b *bench) rounds(full, quick int) int {
	if b.quick {
		return quick
	}
	return full
}

// measurements, in the order of the table.
var measurements = []struct {
	name string
	run  func(*bench) error
}{
	{"check", inProcess},
	{"tokens", tokens},
	{"delay", delay},
	{"loopback", overLoopback},
	{"forward", forwardAuth},
	{"bearer", bearers},
	{"refresh", refreshing},
	{"introspect", introspecting},
	{"credentials", earning},
	{"code", redeeming},
	{"userinfo", telling},
	{"proof", proving},
	{"crowded", crowded},
	{"scale", scaling},
	{"discovery", discovery},
	{"password", passwordSignIn},
	{"passkey", passkeys},
	{"birth", births},
	{"flood", flood},
	{"callback", callbacks},
	{"start", coldStart},
	{"memory", resident},
	{"connections", connections},
	{"binary", binarySize},
	{"million", million},
	{"unknown", unknown},
	{"instances", instances},
	{"login", firstLoad},
}

func runTable(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "fewer rounds, within two minutes")
	only := flags.String("run", "", "measure only what matches this expression")
	profiles := flags.String("profile", "", "write the CPU profile of each server into this folder")
	out := flags.String("o", "docs/benchmarks.md", "write the table here too; empty: do not")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *profiles != "" {
		if err := os.Setenv(profileVariable, *profiles); err != nil { // for the servers, which inherit it
			return err
		}
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	ctx, cancel := interruptible()
	defer cancel()
	b := &bench{ctx: ctx, report: report{begun: time.Now(), quick: *quick}}
	if err := b.measure(match); err != nil {
		return err
	}
	b.write(os.Stdout)
	if *out == "" || *only != "" {
		return nil
	}
	f, err := os.Create(*out)
	if err != nil {
		return err
	}
	b.write(f)
	return f.Close()
}

func (b *bench) measure(match *regexp.Regexp) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.tmp, err = os.MkdirTemp("", "mortise-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.tmp)
	for _, m := range measurements {
		if !match.MatchString(m.name) || b.ctx.Err() != nil {
			continue
		}
		begun := time.Now()
		if err := m.run(b); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s took %s\n", m.name, time.Since(begun).Round(100*time.Millisecond))
	}
	return b.ctx.Err()
}

// server starts this program as a server of the given kind.
func (b *bench) server(kind string, args ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return b.serverAt(addr, kind, nil, args...)
}

func (b *bench) serverAt(addr, kind string, env []string, args ...string) (*process, error) {
	return start(b.ctx, addr, "/healthz", env, b.self, append([]string{"serve", kind, addr}, args...)...)
}

// median of what was measured; it sorts v.
func median[T int64 | float64 | time.Duration](v []T) T {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}
