package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

var (
	resourceColumns = []string{"identifier", "name", "scopes", "access_token_format", "access_token_lifetime", "verifiers", "managed_by"}
	scopeColumns    = []string{"name", "description", "built_in", "managed_by"}
)

func (p *program) resourcesCommand() *cobra.Command {
	return p.group("resources", "Manage the APIs that tokens are for", [2]string{
		"mortise resources create https://api.example.org --name 'Posts API' --scope posts:read",
		"mortise resources list",
	}, p.resourcesList(), p.resourcesGet(), p.resourcesCreate(), p.resourcesUpdate(), p.resourcesDelete())
}

func (p *program) resourcesList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List resources",
		examples: [2]string{"mortise resources list", "mortise resources list --filter scopes~posts"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "resources"), resourceColumns...) })
		},
	}))
}

func (p *program) resourcesGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get IDENTIFIER", short: "Show one resource",
		examples: [2]string{"mortise resources get https://api.example.org", "mortise resources get https://api.example.org --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "resources", args[0])) })
		},
	}))
}

func (p *program) resourcesCreate() *cobra.Command {
	return resourceFlags(addAs(p.command(verb{
		use: "create IDENTIFIER", short: "Create a resource",
		long:     "IDENTIFIER is an absolute URI: what clients send as resource, and the aud of the tokens.",
		examples: [2]string{"mortise resources create https://api.example.org --scope posts:read", "mortise resources create https://api.example.org --access-token-format opaque"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body, err := resourceBody(cmd)
			if err != nil {
				return err
			}
			body["identifier"] = args[0]
			a, err := newAct(http.MethodPost, "resources").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, resourceColumns...) })
		},
	})))
}

func (p *program) resourcesUpdate() *cobra.Command {
	return resourceFlags(addAs(p.command(verb{
		use: "update IDENTIFIER", short: "Change a resource",
		long:     "A list that is given becomes exactly that list; what is not given stays.",
		examples: [2]string{"mortise resources update https://api.example.org --access-token-lifetime 5m", "mortise resources update https://api.example.org --verifier posts-api"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body, err := resourceBody(cmd)
			if err != nil {
				return err
			}
			if len(body) == 0 {
				return usage("nothing to change: see %s --help for what can be given", cmd.CommandPath())
			}
			a, err := newAct(http.MethodPatch, "resources", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, resourceColumns...) })
		},
	})))
}

func resourceFlags(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.String("name", "", "what people see")
	f.StringArray("scope", nil, "a scope that counts there; may be repeated")
	f.StringArray("verifier", nil, "client_id that may introspect its tokens and follow its revocations; may be repeated")
	f.String("access-token-format", "", "jwt or opaque")
	f.String("access-token-signing-alg", "", "EdDSA, ES256, PS256 or RS256")
	f.Duration("access-token-lifetime", 0, "5m to 15m")
	f.String("authorization-details-types", "", "a file with all types it understands, a JSON array; - for standard input")
	return cmd
}

func resourceBody(cmd *cobra.Command) (map[string]any, error) {
	f := cmd.Flags()
	body := given(cmd, map[string]string{
		"name": "name", "access-token-format": "access_token_format", "access-token-signing-alg": "access_token_signing_alg",
	})
	for flag, member := range map[string]string{"scope": "scopes", "verifier": "verifiers"} {
		if f.Changed(flag) {
			list, _ := f.GetStringArray(flag) // defined by resourceFlags
			body[member] = present(list)
		}
	}
	if f.Changed("access-token-lifetime") {
		d, _ := f.GetDuration("access-token-lifetime")
		body["access_token_lifetime"] = int64(d / time.Second)
	}
	return body, addDocument(cmd, "authorization-details-types", "an array of types", body)
}

func (p *program) resourcesDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete IDENTIFIER", aliases: []string{"rm"}, short: "Delete a resource no client may ask for",
		examples: [2]string{"mortise resources delete https://api.example.org", "mortise resources delete https://api.example.org --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this deletes the resource " + args[0] + "; it fails while a client may ask for it"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "resources", args[0]))
			})
		},
	}))
}

func (p *program) scopesCommand() *cobra.Command {
	return p.group("scopes", "Define what tokens let their bearers do", [2]string{
		"mortise scopes create posts:read --description 'Read your posts'",
		"mortise scopes list",
	}, p.scopesList(), p.scopesCreate(), p.scopesDelete())
}

func (p *program) scopesList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List scopes",
		examples: [2]string{"mortise scopes list", "mortise scopes list --filter built_in=false"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "scopes"), scopeColumns...) })
		},
	}))
}

func (p *program) scopesCreate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "create SCOPE", short: "Create a scope or change its description",
		examples: [2]string{"mortise scopes create posts:read --description 'Read your posts'", "mortise scopes create posts:write --as curl"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			description, _ := cmd.Flags().GetString("description")
			a, err := newAct(http.MethodPut, "scopes", args[0]).with(map[string]any{"description": description})
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, scopeColumns...) })
		},
	}))
	cmd.Flags().String("description", "", "what it lets a client do, for the consent page")
	return cmd
}

func (p *program) scopesDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete SCOPE", aliases: []string{"rm"}, short: "Delete a scope that nothing has",
		examples: [2]string{"mortise scopes delete posts:read", "mortise scopes delete posts:read --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("this deletes the scope " + args[0] + "; it fails while a client or a resource has it"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "scopes", args[0]))
			})
		},
	}))
}
