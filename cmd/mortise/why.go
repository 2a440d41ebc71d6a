package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) whyCommand() *cobra.Command {
	return addAs(p.command(verb{
		use: "why CODE", short: "Explain a refusal: what was checked, what was wanted, what was found",
		long: "CODE is what the page of the error shows, or the member why of an error of the API. Refusals are\n" +
			"remembered for a week.",
		examples: [2]string{"mortise why 4KD-9TX", "mortise why 4KD-9TX --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodGet, "decisions", args[0]), "refusal", "said", "reason", "checks", "route", "subject",
					"session", "client", "credential", "ip", "at", "request_id")
			})
		},
	}))
}
