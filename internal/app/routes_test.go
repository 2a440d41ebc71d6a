package app

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/internal/password"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

var accesses = map[web.Access]string{web.SignedIn: "signed in", web.Anyone: "anyone", web.Admin: "admin", web.Host: "host", web.Protocol: "protocol"}

// table prints what a surface answers, to whom, and what counts against which limit.
func table(all []web.Surface) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "# %s\n", s.Name)
		for _, route := range s.Routes {
			fmt.Fprintf(&b, "%-62s %-10s %s\n", route.Pattern, accesses[route.Access], cmp.Or(route.Limit, s.Limit))
		}
	}
	return b.String()
}

// Every address, who may reach it and what limits it: a change is to be seen in
// review. Nothing is without a limit.
func TestRoutes(t *testing.T) {
	st, err := sqlite.Memory(t.Context(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	a, err := New(t.Context(), Config{
		URL: "http://localhost:8080", Dev: true, Log: slog.New(slog.DiscardHandler), Version: "test",
		Passwords: Passwords{Parameters: password.TestParameters()},
	}, st)
	if err != nil {
		t.Fatal(err)
	}
	all, err := a.surfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for _, route := range s.Routes {
			// Protocol endpoints are limited by who asks: see oauth.Flow.
			if cmp.Or(route.Limit, s.Limit) == "" && route.Access != web.Protocol || accesses[route.Access] == "" {
				t.Errorf("%s: %s has no limit, or no access", s.Name, route.Pattern)
			}
		}
	}
	const golden = "../web/testdata/routes.golden"
	got := table(all)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the routes differ from %s; look at the difference, then run go generate ./internal/app", golden)
	}
}
