package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

var siteColumns = []string{"host", "name", "managed_by"}

func (p *program) sitesCommand() *cobra.Command {
	return p.group("sites", "Look at the hosts behind the gateway", [2]string{
		"mortise sites list",
		"mortise sites get app.example.org --yaml",
	}, p.sitesList(), p.sitesGet(), p.sitesDelete())
}

func (p *program) sitesList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List protected hosts",
		examples: [2]string{"mortise sites list", "mortise sites list --filter managed_by=file"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "sites"), siteColumns...) })
		},
	}))
}

func (p *program) sitesGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get HOST", short: "Show a protected host and its rules",
		examples: [2]string{"mortise sites get app.example.org", "mortise sites get app.example.org --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "sites", args[0])) })
		},
	}))
}

func (p *program) sitesDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete HOST", aliases: []string{"rm"}, short: "Stop letting anybody pass to a host",
		examples: [2]string{"mortise sites delete app.example.org", "mortise sites delete app.example.org --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this closes " + args[0] + ": the gateway refuses every request to it"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "sites", args[0]))
			})
		},
	}))
}
