package main

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) clientsPreview() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "preview CLIENT_ID", short: "Show what tokens a person would get, and why each claim is there",
		long: "ID token, access token and UserInfo as the server would make them for this person now, claim by claim.\n" +
			"Nothing is signed. Values that are made with a token, such as times, are left out.",
		examples: [2]string{"mortise clients preview web --user ada@example.org", "mortise clients preview web --user ada@example.org --scope 'openid email' --json"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("user") {
				return usage("whose tokens? say --user")
			}
			a, err := newAct(http.MethodPost, "clients", args[0], "preview").with(previewBody(cmd))
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.previewed(a) })
		},
	}))
	cmd.Flags().String("user", "", "whose tokens: an id or an e-mail address")
	cmd.Flags().String("scope", "", "scopes, separated by spaces; left out, all the client may ask for")
	cmd.Flags().StringArray("resource", nil, "an API the access token is for; repeat it, or leave it out for all")
	return cmd
}

func previewBody(cmd *cobra.Command) map[string]any {
	body := map[string]any{}
	body["user"], _ = cmd.Flags().GetString("user")
	if scope, _ := cmd.Flags().GetString("scope"); scope != "" {
		body["scope"] = scope
	}
	if list, _ := cmd.Flags().GetStringArray("resource"); len(list) > 0 {
		body["resource"] = list
	}
	return body
}

// previewed writes one line for each claim.
func (s *session) previewed(a act) error {
	data, err := s.do(a)
	if err != nil {
		return err
	}
	var told struct {
		Format string            `json:"access_token_format"`
		Scope  string            `json:"scope"`
		Claims []json.RawMessage `json:"claims"`
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return err
	}
	s.print.Words("scope %q, access token %s", told.Scope, told.Format)
	return s.print.List(told.Claims, []string{"claim", "in", "value", "because"}, nil)
}
