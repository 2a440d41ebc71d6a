package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/spf13/cobra"
)

var (
	connectionColumns = []string{"id", "type", "title", "enabled", "client_id", "issuer", "organization", "managed_by"}
	// madeColumns begin with what the other service wants to know.
	madeColumns   = []string{"id", "callback_uri", "type", "title", "enabled", "client_id", "issuer"}
	personColumns = []string{"subject", "issuer", "email", "email_counts", "name", "locale", "groups", "roles"}
	// connectionTypes may be left out where the id says them.
	connectionTypes = []string{"google", "github", "microsoft", "apple", "gitlab"}
)

func (p *program) connectionsCommand() *cobra.Command {
	return p.group("connections", "Manage the services that people may sign in with", [2]string{
		"mortise connections add google --client-id 1234.apps.googleusercontent.com --secret-env GOOGLE_SECRET",
		"mortise connections test google",
	},
		p.connectionsList(), p.connectionsGet(), p.connectionsAdd(), p.connectionsUpdate(), p.connectionsDelete(), p.connectionsTest(), p.connectionsPreview(),
	)
}

func (p *program) connectionsList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List connections",
		examples: [2]string{"mortise connections list", "mortise connections list --filter enabled=false"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "connections"), connectionColumns...) })
		},
	}))
}

func (p *program) connectionsGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get ID", short: "Show one connection",
		examples: [2]string{"mortise connections get google", "mortise connections get google --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "connections", args[0])) })
		},
	}))
}

func (p *program) connectionsAdd() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "add ID", short: "Connect a service",
		long: "ID is what the connection is called here, and stands in its callback_uri, which the other service wants\n" +
			"to know. Where it is google, github, microsoft, apple or gitlab, --type may be left out.",
		examples: [2]string{
			"mortise connections add google --client-id 1234.apps.googleusercontent.com --secret-env GOOGLE_SECRET",
			"mortise connections add acme --type oidc --issuer https://login.acme.example --client-id mortise --secret-file acme.txt --trust acme.example",
		},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body, err := p.connectionBody(cmd)
			if err != nil {
				return err
			}
			body["id"] = args[0]
			if _, ok := body["type"]; !ok && slices.Contains(connectionTypes, args[0]) {
				body["type"] = args[0]
			}
			a, err := newAct(http.MethodPost, "connections").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, madeColumns...) })
		},
	}))
	cmd.Flags().String("type", "", "oidc, google, github, microsoft, apple, gitlab or oauth2")
	cmd.Flags().String("organization", "", "slug of the organisation whose people it is for")
	return connectionFlags(cmd)
}

func (p *program) connectionsUpdate() *cobra.Command {
	return connectionFlags(addAs(p.command(verb{
		use: "update ID", short: "Change a connection",
		long: "A list that is given becomes exactly that list, and so do endpoints, mapping and provision as a whole;\n" +
			"what is not given stays. Sign-ins that were begun before the change start again.",
		examples: [2]string{"mortise connections update google --enabled=false", "mortise connections update acme --secret-file acme.txt"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body, err := p.connectionBody(cmd)
			if err != nil {
				return err
			}
			if len(body) == 0 {
				return usage("nothing to change: see %s --help for what can be given", cmd.CommandPath())
			}
			a, err := newAct(http.MethodPatch, "connections", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, connectionColumns...) })
		},
	})))
}

func (p *program) connectionsDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete ID", aliases: []string{"rm"}, short: "Delete a connection and its links",
		examples: [2]string{"mortise connections delete google", "mortise connections delete google --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				err := s.confirm("this deletes the connection "+args[0]+" and every link to it",
					"people who have no other way in cannot sign in any more", "one that is made later under this id has none of the links")
				if err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "connections", args[0]))
			})
		},
	}))
}

func (p *program) connectionsTest() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "test ID", short: "Go around with a connection, and see whom it would bring",
		long: "Prints an address that is good for some minutes. In a browser it goes to the other service and back, and\n" +
			"shows the person as they would be here. Nothing is stored, and the connection may be off.",
		examples: [2]string{"mortise connections test google", "mortise connections test google --open"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.trial(newAct(http.MethodPost, "connections", args[0], "test")) })
		},
	}))
	cmd.Flags().Bool("open", false, "open the address in a browser")
	return cmd
}

func (s *session) trial(a act) error {
	data, err := s.do(a)
	if err != nil {
		return err
	}
	var told struct {
		Address string `json:"address"`
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	if err := s.print.Object(data, "address", "expires_at"); err != nil {
		return err
	}
	if open, _ := s.cmd.Flags().GetBool("open"); open {
		s.browse(told.Address)
	}
	return nil
}

func (p *program) connectionsPreview() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "preview ID", short: "Show whom claims would bring",
		long:     "Reads claims as the service tells them, one JSON object, and applies the connection's mapping and trust.\nIt asks nobody and stores nothing.",
		examples: [2]string{"mortise connections preview google --claims claims.json", "mortise connections preview acme < claims.json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			name, _ := cmd.Flags().GetString("claims")
			raw, err := readJSON(cmd, name)
			if err != nil {
				return err
			}
			a, err := newAct(http.MethodPost, "connections", args[0], "preview").with(map[string]any{"claims": raw})
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, personColumns...) })
		},
	}))
	cmd.Flags().String("claims", "-", "a file with the claims; - for standard input")
	return cmd
}

func readJSON(cmd *cobra.Command, name string) (json.RawMessage, error) {
	raw, err := readFile(cmd, name)
	if err == nil && !json.Valid(raw) {
		if name == "-" {
			name = "standard input"
		}
		err = usage(`%s is not JSON; what comes from the service is wanted, such as {"sub": "248289761001", "email": "jo@example.org"}`, name)
	}
	return raw, err
}
