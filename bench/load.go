package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// people is what the server under load is told about whom to serve.
const loadPeople = `users:
  - email: load@example.test
    name: Load
    password: %s
    email_verified: true
`

// runLoad sends bounded load to a server that is given by its address, or that
// is started from its binary in development on a free port.
func runLoad(args []string) (err error) {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	address := flags.String("url", "", "address of a running server (http://host:port); empty: start -bin")
	bin := flags.String("bin", "bin/mortise", "the program to start as `mortise dev`")
	span := flags.Duration("time", time.Minute, "of each scenario, at most 10 minutes")
	conns := flags.Int("connections", 64, "of each scenario, at most 1000")
	only := flags.String("only", "", "of a provider, only the scenarios that have this in their name")
	count := flags.Int("count", 1_000_000, "requests of each scenario, at most")
	who := flags.String("identifier", "load@example.test", "of an account to sign in with")
	password := flags.String("password", passphrase, "of that account")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *span > 10*time.Minute || *conns > 1000 || *conns < 1 || *count < *conns {
		return errors.New("load: out of bounds; see -h")
	}
	var host string
	if *address == "" && *only != "" {
		return loadProviders(*only, *conns, *span)
	} else if *address == "" {
		defer func() { err = firstOf(err, loadProviders("", *conns, *span)) }()
		p, err := developed(*bin)
		if err != nil {
			return err
		}
		defer p.stop()
		host = p.addr
	} else if u, err := url.Parse(*address); err != nil || u.Scheme != "http" {
		return fmt.Errorf("load: %q is no http address", *address)
	} else {
		host = u.Host
	}
	return scenarios(host, *who, *password, *conns, *span, *count)
}

// developed starts a server with one known person.
func developed(bin string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "mortise-load-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "people.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, loadPeople, passphrase), 0o600); err != nil {
		return nil, err
	}
	return start(context.Background(), addr, "/healthz", nil, bin, "dev", "--listen", addr, "--apply", file)
}

func scenarios(host, who, password string, conns int, span time.Duration, count int) error {
	cookie := ""
	if s, err := signedIn(host, who, password); err == nil {
		cookie = s
	} else {
		fmt.Fprintln(os.Stderr, "load: signed-in scenarios see a stranger:", err)
	}
	fmt.Printf("%-28s %10s %10s %10s %10s %10s %10s\n", "scenario", "requests", "per s", "p50", "p99", "429", "errors")
	for _, s := range []struct {
		name    string
		request []byte
	}{
		{"health", get(host, "/healthz", "")},
		{"sign-in page", get(host, "/login", "")},
		{"session check", get(host, "/api/v1/session", cookie)},
		{"password sign-in", signInRequest(host, signInPath, who, password, "", 0)},
	} {
		done, err := load(host, s.request, conns, span, count, true)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("%-28s %10d %10.0f %10s %10s %10d %10d\n", s.name, done.requests, done.rate(),
			millis(done.late[len(done.late)/2]), millis(done.p99()), done.limited, done.wrong-done.limited)
	}
	return nil
}
