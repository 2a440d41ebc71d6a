package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) usersFactors() *cobra.Command {
	return p.group("factors", "See and remove a person's factors", [2]string{
		"mortise users factors list ada@example.org",
		"mortise users factors remove ada@example.org otp_5zqrb2mcvkzx9p0h01jd4n3e5f",
	}, p.factorsList(), p.factorsRemove())
}

func (p *program) factorsList() *cobra.Command {
	return addAs(p.command(verb{
		use: "list USER", aliases: []string{"ls"}, short: "List a person's factors beyond the password",
		examples: [2]string{"mortise users factors list ada@example.org", "mortise users factors list ada@example.org --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "users", args[0], "factors")) })
		},
	}))
}

func (p *program) factorsRemove() *cobra.Command {
	return addAs(p.command(verb{
		use: "remove USER FACTOR", aliases: []string{"rm"}, short: "Remove a factor of a person, on the host",
		long:     "Be sure whom you do this for: without its last authenticator app, the password alone opens the account; the last passkey of who has no password stays. Its owner is told, and the log says that the host did it.",
		examples: [2]string{"mortise users factors remove ada@example.org otp_5zqrb2mcvkzx9p0h01jd4n3e5f", "mortise users factors remove ada@example.org otp_5zqrb2mcvkzx9p0h01jd4n3e5f --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodDelete, "users", args[0], "factors", args[1]))
			})
		},
	}))
}
