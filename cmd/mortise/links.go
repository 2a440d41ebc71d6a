package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) usersLinks() *cobra.Command {
	return p.group("links", "Services that a person signs in with", [2]string{
		"mortise users links list ada@example.org",
		"mortise users links remove ada@example.org lnk_01jd4n3e5fezqrb2mcvkzx9p0h",
	}, p.usersLinksList(), p.usersLinksRemove())
}

func (p *program) usersLinksList() *cobra.Command {
	return addView(p.command(verb{
		use: "list USER", aliases: []string{"ls"}, short: "List the services that a person signs in with",
		examples: [2]string{"mortise users links list ada@example.org", "mortise users links list ada@example.org --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "links"), "id", "connection", "subject", "email", "created_at", "used_at")
			})
		},
	}))
}

func (p *program) usersLinksRemove() *cobra.Command {
	return addYes(p.command(verb{
		use: "remove USER LINK", aliases: []string{"rm"}, short: "Unlink a service from a person",
		examples: [2]string{"mortise users links remove ada@example.org lnk_01jd4n3e5fezqrb2mcvkzx9p0h", "mortise users links remove ada@example.org lnk_01jd4n3e5fezqrb2mcvkzx9p0h --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirmUser("unlinks the service and ends the sessions that began with it", args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "users", args[0], "links", args[1]))
			})
		},
	}))
}
