package main

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"
)

var organizationColumns = []string{"slug", "id", "name", "domains", "managed_by"}

func (p *program) organizationsCommand() *cobra.Command {
	return p.group("orgs", "Manage organisations and who belongs to them", [2]string{
		"mortise orgs create acme --name Acme",
		"mortise orgs add-member acme ada@example.org --role owner",
	},
		p.organizationsList(), p.organizationsGet(), p.organizationsCreate(), p.organizationsUpdate(),
		p.organizationsDelete(), p.organizationsMembers(), p.organizationsAdd(), p.organizationsRemove(),
		p.organizationDomains(), p.organizationSSO(),
	)
}

func (p *program) organizationsList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List organisations",
		examples: [2]string{"mortise orgs list", "mortise orgs list --all --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "organizations"), organizationColumns...)
			})
		},
	}))
}

func (p *program) organizationsGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get ORG", short: "Show one organisation",
		examples: [2]string{"mortise orgs get acme", "mortise orgs get acme --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "organizations", args[0])) })
		},
	}))
}

func (p *program) organizationsCreate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "create SLUG", short: "Create an organisation",
		examples: [2]string{"mortise orgs create acme --name Acme", "mortise orgs create acme --domain acme.example"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body := organizationBody(cmd)
			body["slug"] = args[0]
			a, err := newAct(http.MethodPost, "organizations").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, organizationColumns...) })
		},
	}))
	return organizationFlags(cmd)
}

func (p *program) organizationsUpdate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "update ORG", short: "Change an organisation",
		examples: [2]string{"mortise orgs update acme --name 'Acme Ltd'", "mortise orgs update acme --slug acme-ltd"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body := organizationBody(cmd)
			if len(body) == 0 {
				return usage("nothing to change: give --name, --slug or --domain")
			}
			a, err := newAct(http.MethodPatch, "organizations", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, organizationColumns...) })
		},
	}))
	cmd.Flags().String("slug", "", "the new slug")
	return organizationFlags(cmd)
}

func organizationFlags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().String("name", "", "what people see")
	cmd.Flags().StringSlice("domain", nil, "an e-mail domain of the organisation; may be repeated; all it shall have")
	return cmd
}

func organizationBody(cmd *cobra.Command) map[string]any {
	body := given(cmd, map[string]string{"name": "name", "slug": "slug"})
	if cmd.Flags().Changed("domain") {
		body["domains"], _ = cmd.Flags().GetStringSlice("domain")
	}
	return body
}

func (p *program) organizationsDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete ORG", aliases: []string{"rm"}, short: "Delete an organisation and its memberships",
		examples: [2]string{"mortise orgs delete acme", "mortise orgs delete acme --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirmOrganization(args[0]); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "organizations", args[0]))
			})
		},
	}))
}

func (s *session) confirmOrganization(slug string) error {
	if yes, _ := s.cmd.Flags().GetBool("yes"); yes || s.as != "" {
		return nil
	}
	members, err := s.page(newAct(http.MethodGet, "organizations", slug, "members"), "", 200)
	if err != nil {
		return err
	}
	return s.confirm("this deletes the organisation "+slug, "memberships: "+atLeast(len(members.Data), members.HasMore)+"; the people stay")
}

func (p *program) organizationsMembers() *cobra.Command {
	return addQuery(p.command(verb{
		use: "members ORG", short: "List who belongs to an organisation",
		examples: [2]string{"mortise orgs members acme", "mortise orgs members acme --filter roles~owner"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "organizations", args[0], "members"), "user_id", "email", "roles", "joined_at")
			})
		},
	}))
}

func (p *program) organizationsAdd() *cobra.Command {
	roles := []string{}
	cmd := addAs(p.command(verb{
		use: "add-member ORG USER", short: "Add a person to an organisation, or set their roles in it",
		examples: [2]string{"mortise orgs add-member acme ada@example.org --role owner", "mortise orgs add-member acme ben@example.org"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			a, err := newAct(http.MethodPut, "organizations", args[0], "members", args[1]).with(map[string]any{"roles": roles})
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, "user_id", "email", "roles") })
		},
	}))
	cmd.Flags().StringSliceVar(&roles, "role", roles, "a role inside the organisation; may be repeated; all they shall have")
	return cmd
}

func (p *program) organizationsRemove() *cobra.Command {
	return addYes(p.command(verb{
		use: "remove-member ORG USER", short: "Take a person out of an organisation",
		examples: [2]string{"mortise orgs remove-member acme ben@example.org", "mortise orgs remove-member acme ben@example.org --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this takes " + args[1] + " out of " + args[0] + " with all roles there"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "organizations", args[0], "members", args[1]))
			})
		},
	}))
}
