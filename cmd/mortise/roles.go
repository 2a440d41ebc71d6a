package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

var roleColumns = []string{"name", "permissions", "assurance", "built_in", "managed_by"}

func (p *program) rolesCommand() *cobra.Command {
	return p.group("roles", "Define what people may do", [2]string{
		"mortise roles put editor posts:read,posts:write",
		"mortise roles list",
	}, p.rolesList(), p.rolesGet(), p.rolesPut(), p.rolesDelete())
}

func (p *program) rolesList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List roles",
		examples: [2]string{"mortise roles list", "mortise roles list --filter permissions~posts"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "roles"), roleColumns...) })
		},
	}))
}

func (p *program) rolesGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get ROLE", short: "Show one role",
		examples: [2]string{"mortise roles get editor", "mortise roles get editor --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "roles", args[0])) })
		},
	}))
}

func (p *program) rolesPut() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "put ROLE PERMISSIONS", short: "Create a role or replace its permissions",
		long:     "PERMISSIONS are all the role shall have, between commas. Of the built-in role admin only --assurance can be changed.",
		examples: [2]string{"mortise roles put editor posts:read,posts:write", "mortise roles put admin '' --assurance 2"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body := map[string]any{"permissions": commas(args[1])}
			if cmd.Flags().Changed("assurance") {
				body["assurance"], _ = cmd.Flags().GetInt("assurance")
			}
			a, err := newAct(http.MethodPut, "roles", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, roleColumns...) })
		},
	}))
	cmd.Flags().Int("assurance", 0, "1 or 2: what its holders have to sign in with; 0: it asks for nothing")
	return cmd
}

func (p *program) rolesDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete ROLE", aliases: []string{"rm"}, short: "Delete a role nobody holds",
		examples: [2]string{"mortise roles delete editor", "mortise roles delete editor --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this deletes the role " + args[0] + "; it fails while somebody holds it"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "roles", args[0]))
			})
		},
	}))
}

// commas splits a list of names; an empty text is no name.
func commas(text string) []string {
	list := []string{}
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}
