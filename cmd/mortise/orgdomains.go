package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

var domainColumns = []string{"domain", "status", "record", "value", "verified_at", "checked_at", "failing_since"}

func (p *program) organizationDomains() *cobra.Command {
	return p.group("domains", "Manage the e-mail domains of an organisation", [2]string{
		"mortise orgs domains add acme acme.example",
		"mortise orgs domains verify acme acme.example",
	}, p.domainsList(), p.domainsAdd(), p.domainsVerify(), p.domainsRemove())
}

func (p *program) domainsList() *cobra.Command {
	return addView(p.command(verb{
		use: "list ORG", aliases: []string{"ls"}, short: "List the domains of an organisation, and what their DNS has to say",
		examples: [2]string{"mortise orgs domains list acme", "mortise orgs domains list acme --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "organizations", args[0], "domains"), domainColumns...)
			})
		},
	}))
}

func (p *program) domainsAdd() *cobra.Command {
	return addAs(p.command(verb{
		use: "add ORG DOMAIN", short: "Claim a domain; prints the TXT record that proves it",
		examples: [2]string{"mortise orgs domains add acme acme.example", "mortise orgs domains add acme acme.example --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			a, err := newAct(http.MethodPost, "organizations", args[0], "domains").with(map[string]any{"domain": args[1]})
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, domainColumns...) })
		},
	}))
}

func (p *program) domainsVerify() *cobra.Command {
	return addAs(p.command(verb{
		use: "verify ORG DOMAIN", short: "Look for the TXT record; from then on the domain is the organisation's",
		examples: [2]string{"mortise orgs domains verify acme acme.example", "mortise orgs domains verify acme acme.example --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodPost, "organizations", args[0], "domains", args[1], "verify"), domainColumns...)
			})
		},
	}))
}

func (p *program) domainsRemove() *cobra.Command {
	return addYes(p.command(verb{
		use: "remove ORG DOMAIN", aliases: []string{"rm"}, short: "Take a domain from an organisation",
		examples: [2]string{"mortise orgs domains remove acme acme.example", "mortise orgs domains remove acme acme.example --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this takes " + args[1] + " from " + args[0] + ": its people are not sent to its sign-in service any more, and may not come by it"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "organizations", args[0], "domains", args[1]))
			})
		},
	}))
}

func (p *program) organizationSSO() *cobra.Command {
	return p.group("sso", "Require the own sign-in of an organisation", [2]string{
		"mortise orgs sso require acme --break-glass ada@acme.example",
		"mortise orgs sso relax acme",
	}, p.ssoGet(), p.ssoRequire(), p.ssoRelax())
}

func (p *program) ssoGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get ORG", short: "Show whether an organisation requires its own sign-in",
		examples: [2]string{"mortise orgs sso get acme", "mortise orgs sso get acme --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodGet, "organizations", args[0], "sso"), "required", "break_glass", "since")
			})
		},
	}))
}

func (p *program) ssoRequire() *cobra.Command {
	glass := []string{}
	cmd := addYes(p.command(verb{
		use: "require ORG", short: "Let people of its verified domains sign in with its own service only",
		long:     "Administrators of the instance, and the owners named by --break-glass, get in as before.",
		examples: [2]string{"mortise orgs sso require acme --break-glass ada@acme.example", "mortise orgs sso require acme --break-glass ada@acme.example --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			if len(glass) == 0 {
				return usage("name an owner who may still sign in when the service is down: --break-glass ada@acme.example")
			}
			a, err := newAct(http.MethodPut, "organizations", args[0], "sso").with(map[string]any{"break_glass": glass})
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this signs people of "+args[0]+" out who did not come by its own service", "they get in by that service only; the owners named, and administrators of the instance, as before"); err != nil {
					return err
				}
				return s.object(a, "required", "break_glass", "since")
			})
		},
	}))
	cmd.Flags().StringSliceVar(&glass, "break-glass", glass, "an owner who may still sign in without it; may be repeated; at least one")
	return cmd
}

func (p *program) ssoRelax() *cobra.Command {
	return addAs(p.command(verb{
		use: "relax ORG", short: "Let people sign in in other ways again",
		examples: [2]string{"mortise orgs sso relax acme", "mortise orgs sso relax acme --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.object(newAct(http.MethodDelete, "organizations", args[0], "sso"))
			})
		},
	}))
}
