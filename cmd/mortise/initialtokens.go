package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

var initialTokenColumns = []string{"id", "name", "clients", "max_clients", "expires_at"}

func (p *program) initialTokensCommand() *cobra.Command {
	return p.group("initial-access-tokens", "Manage the tokens that let programs register themselves", [2]string{
		"mortise initial-access-tokens create --name Partners --max-clients 3",
		"mortise initial-access-tokens list",
	}, p.initialTokensList(), p.initialTokensCreate(), p.initialTokensDelete())
}

func (p *program) initialTokensList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List initial access tokens",
		examples: [2]string{"mortise initial-access-tokens list", "mortise initial-access-tokens list --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				return s.list(newAct(http.MethodGet, "initial-access-tokens"), initialTokenColumns...)
			})
		},
	}))
}

// The flags of a policy and the members they stand for.
var policyLists = map[string]string{
	"scope": "scopes", "resource": "resources", "grant-type": "grant_types", "auth-method": "token_endpoint_auth_methods", "redirect-host": "redirect_hosts",
}

func (p *program) initialTokensCreate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "create", short: "Let somebody register clients at /oauth2/register",
		long: "The token is printed once and kept nowhere. What is not said about the clients is as the settings of\n" +
			"registration have it.",
		examples: [2]string{
			"mortise initial-access-tokens create --name Partners --max-clients 3 --lifetime 72h",
			"mortise initial-access-tokens create --redirect-host '*.example.org' --scope openid --scope email",
		},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			a, err := newAct(http.MethodPost, "initial-access-tokens").with(initialTokenBody(cmd))
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.initialTokenOnce(a) })
		},
	}))
	f := cmd.Flags()
	f.String("name", "", "for people")
	f.Int("max-clients", 1, "how many clients may be registered with it")
	f.Duration("lifetime", 24*time.Hour, "how long it is good")
	f.StringArray("scope", nil, "a scope that its clients may ask for; may be repeated")
	f.StringArray("resource", nil, "identifier of an API that its clients may ask tokens for; may be repeated")
	f.StringArray("grant-type", nil, "a grant type that its clients may use; may be repeated")
	f.StringArray("auth-method", nil, "a way in which its clients may authenticate; may be repeated")
	f.StringArray("redirect-host", nil, "a host that its clients may redirect to, such as *.example.org; may be repeated")
	f.Bool("without-pkce", false, "its confidential clients do without PKCE")
	return cmd
}

func initialTokenBody(cmd *cobra.Command) map[string]any {
	f := cmd.Flags()
	body := given(cmd, map[string]string{"name": "name"})
	if f.Changed("max-clients") {
		body["max_clients"], _ = f.GetInt("max-clients")
	}
	if f.Changed("lifetime") {
		life, _ := f.GetDuration("lifetime")
		body["lifetime"] = int64(life / time.Second)
	}
	for flag, member := range policyLists {
		if f.Changed(flag) {
			list, _ := f.GetStringArray(flag) // these flags were defined above
			body[member] = present(list)
		}
	}
	if without, _ := f.GetBool("without-pkce"); without {
		body["without_pkce"] = true
	}
	return body
}

// initialTokenOnce shows the answer that holds the token, and says so.
func (s *session) initialTokenOnce(a act) error {
	data, err := s.do(a)
	if err != nil {
		return err
	}
	var shown struct {
		Text string `json:"initial_access_token"`
	}
	if err := json.Unmarshal(data, &shown); err != nil {
		return err
	}
	if shown.Text == "" {
		return s.print.Object(data, initialTokenColumns...)
	}
	if err := s.print.Object(data, "initial_access_token", "id", "max_clients", "expires_at"); err != nil {
		return err
	}
	s.print.Words("keep the initial_access_token now: it is not shown again")
	return nil
}

func (p *program) initialTokensDelete() *cobra.Command {
	return addYes(p.command(verb{
		use: "delete ID", aliases: []string{"rm"}, short: "Take an initial access token back",
		examples: [2]string{"mortise initial-access-tokens delete iat_01jd4n3e5fezqrb2mcvkzx9p0h", "mortise initial-access-tokens delete iat_01jd4n3e5fezqrb2mcvkzx9p0h --yes"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error {
				if err := s.confirm("nobody can register a client with " + args[0] + " any more; the clients there are stay"); err != nil {
					return err
				}
				return s.object(newAct(http.MethodDelete, "initial-access-tokens", args[0]))
			})
		},
	}))
}
