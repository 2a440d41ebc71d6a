package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) usersRecovery() *cobra.Command {
	return p.group("recovery", "Decide how people get back in without their factors", [2]string{
		"mortise users recovery list",
		"mortise users recovery approve apr_01jd4n3e5fezqrb2mcvkzx9p0h",
	}, p.recoveryList(), p.recoveryReset(), p.recoveryDecide("approve", "Approve what an administrator asked for"),
		p.recoveryDecide("deny", "Deny a request, or end a recovery that runs"), p.recoveryPolicy())
}

func (p *program) recoveryList() *cobra.Command {
	return addAs(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List requests that wait and recoveries that run",
		examples: [2]string{"mortise users recovery list", "mortise users recovery list --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "recoveries")) })
		},
	}))
}

func (p *program) recoveryReset() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "reset USER", short: "Ask for new factors for a person",
		long:     "A second administrator has to approve it, on the page that is printed and mailed to all of them. Then the person's own address is mailed a link to set up a new second step or passkey.",
		examples: [2]string{"mortise users recovery reset ada@example.org --reason 'lost her phone, called back'", "mortise users recovery reset ada@example.org --reason 'lost her phone' --as curl"},
		run:      p.reasoned("recovery-reset"),
	}))
	return addReason(cmd)
}

func (p *program) usersPromote() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "promote USER", short: "Ask to make a person an administrator",
		long:     "A second administrator has to approve it. On the host, users roles does it at once.",
		examples: [2]string{"mortise users promote ada@example.org --reason 'takes over operations'", "mortise users promote ada@example.org --reason 'takes over' --as curl"},
		run:      p.reasoned("promotion"),
	}))
	return addReason(cmd)
}

func addReason(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String("reason", "", "why, for whoever decides and for the log")
	return cmd
}

func (p *program) reasoned(verb string) func(context.Context, *cobra.Command, []string) error {
	return func(ctx context.Context, cmd *cobra.Command, args []string) error {
		reason, _ := cmd.Flags().GetString("reason")
		if reason == "" {
			return usage("say why: --reason '…'")
		}
		a, err := newAct(http.MethodPost, "users", args[0], verb).with(map[string]any{"reason": reason})
		if err != nil {
			return err
		}
		return p.api(ctx, cmd, func(s *session) error { return s.object(a, "id", "kind", "user", "status", "expires_at", "url") })
	}
}

func (p *program) recoveryDecide(name, short string) *cobra.Command {
	return addAs(p.command(verb{
		use: name + " ID", short: short,
		examples: [2]string{"mortise users recovery " + name + " apr_01jd4n3e5fezqrb2mcvkzx9p0h", "mortise users recovery " + name + " apr_01jd4n3e5fezqrb2mcvkzx9p0h --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodPost, "recoveries", args[0], name)) })
		},
	}))
}

func (p *program) recoveryPolicy() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "policy", short: "Show or change the policy of recovery",
		long:     "--wait is how long a person without their factors waits (24h to 720h; 0s: nobody gets back in by waiting); --reset is how many administrators reset somebody's factors (off, one or two; administrators always need two).",
		examples: [2]string{"mortise users recovery policy", "mortise users recovery policy --wait 96h --reset two"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			body := given(cmd, map[string]string{"wait": "wait", "reset": "reset"})
			if len(body) == 0 {
				return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "recovery-policy")) })
			}
			if len(body) != 2 {
				return usage("give both --wait and --reset")
			}
			a, err := newAct(http.MethodPut, "recovery-policy").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a) })
		},
	}))
	cmd.Flags().String("wait", "", "waiting time, such as 72h")
	cmd.Flags().String("reset", "", "off, one or two")
	return cmd
}
