package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

var logoutColumns = []string{"id", "client_id", "state", "attempts", "reason", "next_at"}

func (p *program) logoutsCommand() *cobra.Command {
	return p.group("logouts", "Look at logouts that clients were not told of", [2]string{
		"mortise logouts list",
		"mortise logouts retry lgo_01jz0000000000000000000000",
	}, p.logoutsList(), p.logoutsRetry())
}

func (p *program) logoutsList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List logouts that wait or were given up",
		examples: [2]string{"mortise logouts list", "mortise logouts list --filter state=dead"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "logouts"), logoutColumns...) })
		},
	}))
}

func (p *program) logoutsRetry() *cobra.Command {
	return p.command(verb{
		use: "retry ID", short: "Tell a client of a logout again",
		examples: [2]string{"mortise logouts retry lgo_01jz0000000000000000000000", "mortise logouts list --filter state=dead"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodPost, "logouts", args[0], "retry")) })
		},
	})
}
