package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) policyCommand() *cobra.Command {
	return p.group("policy", "Decide what every sign-in has to prove", [2]string{
		"mortise policy get",
		"mortise policy set --assurance 2 --grace-days 14",
	}, p.policyGet(), p.policySet())
}

func (p *program) policyGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get", short: "Show the sign-in policy",
		examples: [2]string{"mortise policy get", "mortise policy get --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "policy")) })
		},
	}))
}

var policyNumbers = map[string]string{"assurance": "assurance", "grace-days": "grace_days", "remember-days": "remember_days"}

func (p *program) policySet() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "set", short: "Change the sign-in policy",
		long:     "What is not given stays. Every change ends all remembered devices. Roles and clients ask for more by themselves.",
		examples: [2]string{"mortise policy set --assurance 2 --grace-days 14", "mortise policy set --remember-days 30"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			body := map[string]any{}
			for flag, member := range policyNumbers {
				if cmd.Flags().Changed(flag) {
					body[member], _ = cmd.Flags().GetInt(flag) // defined below
				}
			}
			if len(body) == 0 {
				return usage("nothing to change: see %s --help for what can be given", cmd.CommandPath())
			}
			a, err := newAct(http.MethodPatch, "policy").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a) })
		},
	}))
	f := cmd.Flags()
	f.Int("assurance", 1, "1: one factor opens an account; 2: two are needed")
	f.Int("grace-days", 0, "how long people may take to set up a second factor, up to 90 days")
	f.Int("remember-days", 0, "how long a device may be remembered after the second step, up to 30 days; 0: not at all")
	return cmd
}

var deviceColumns = []string{"id", "user_agent", "ip", "created_at", "last_used_at", "expires_at"}

func (p *program) usersDevices() *cobra.Command {
	return p.group("devices", "See and forget the devices on which a person is asked for no second step", [2]string{
		"mortise users devices list ada@example.org",
		"mortise users devices forget ada@example.org tru_5zqrb2mcvkzx9p0h01jd4n3e5f",
	}, p.devicesList(), p.devicesForget())
}

func (p *program) devicesList() *cobra.Command {
	return addView(p.command(verb{
		use: "list USER", aliases: []string{"ls"}, short: "List a person's remembered devices",
		examples: [2]string{"mortise users devices list ada@example.org", "mortise users devices list ada@example.org --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "users", args[0], "devices"), deviceColumns...)
			})
		},
	}))
}

func (p *program) devicesForget() *cobra.Command {
	return addAs(p.command(verb{
		use: "forget USER DEVICE", aliases: []string{"rm"}, short: "Forget a remembered device",
		examples: [2]string{"mortise users devices forget ada@example.org tru_5zqrb2mcvkzx9p0h01jd4n3e5f", "mortise users devices forget ada@example.org tru_5zqrb2mcvkzx9p0h01jd4n3e5f --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodDelete, "users", args[0], "devices", args[1]))
			})
		},
	}))
}
