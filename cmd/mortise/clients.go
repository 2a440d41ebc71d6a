package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

var clientColumns = []string{"client_id", "client_name", "token_endpoint_auth_method", "redirect_uris", "disabled", "managed_by", "last_used_at"}

// secretColumns are those of an answer that holds a secret: the key is what
// --quiet prints, and it is wanted then.
var secretColumns = []string{"client_secret", "client_id", "client_name", "token_endpoint_auth_method"}

func (p *program) clientsCommand() *cobra.Command {
	return p.group("clients", "Manage the programs that sign people in through this server", [2]string{
		"mortise clients create --name Web --redirect-uri https://app.example.org/callback",
		"mortise clients rotate-secret web",
	},
		p.clientsList(), p.clientsGet(), p.clientsCreate(), p.clientsUpdate(), p.clientsRotate(),
		p.clientsPreview(), p.clientsDisable(), p.clientsEnable(), p.clientsDelete(),
	)
}

func (p *program) clientsList() *cobra.Command {
	return addQuery(p.command(verb{
		use: "list", aliases: []string{"ls"}, short: "List clients",
		examples: [2]string{"mortise clients list", "mortise clients list --all --json"},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.list(newAct(http.MethodGet, "clients"), clientColumns...) })
		},
	}))
}

func (p *program) clientsGet() *cobra.Command {
	return addAs(p.command(verb{
		use: "get CLIENT_ID", short: "Show one client",
		examples: [2]string{"mortise clients get web", "mortise clients get web --yaml"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			return p.api(ctx, cmd, func(s *session) error { return s.object(newAct(http.MethodGet, "clients", args[0])) })
		},
	}))
}

func (p *program) clientsCreate() *cobra.Command {
	cmd := addAs(p.command(verb{
		use: "create", short: "Register a client",
		long: "A client that can keep a secret gets one; it is printed once and kept nowhere. A program in a browser\n" +
			"or on somebody's device cannot: say --public. To choose the secret, declare the client in a file.",
		examples: [2]string{
			"mortise clients create --id web --name Web --redirect-uri https://app.example.org/callback --scope 'openid profile'",
			"mortise clients create --id spa --public --redirect-uri https://spa.example.org/ --origin https://spa.example.org",
		},
		run: func(ctx context.Context, cmd *cobra.Command, _ []string) error {
			body, err := clientBody(cmd)
			if err != nil {
				return err
			}
			if id, _ := cmd.Flags().GetString("id"); id != "" {
				body["client_id"] = id
			}
			a, err := newAct(http.MethodPost, "clients").with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.secretOnce(a) })
		},
	}))
	cmd.Flags().String("id", "", "the client_id; left out, one is made")
	return addClientFlags(cmd)
}

// secretOnce shows an answer that may hold a secret, and says so.
func (s *session) secretOnce(a act) error {
	data, err := s.do(a)
	if err != nil {
		return err
	}
	var shown struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(data, &shown); err != nil {
		return err
	}
	if shown.Secret == "" {
		return s.print.Object(data, secretColumns[1:]...)
	}
	if err := s.print.Object(data, secretColumns...); err != nil {
		return err
	}
	s.print.Words("keep the client_secret now: it is not shown again")
	return nil
}

func (p *program) clientsUpdate() *cobra.Command {
	return addClientFlags(addAs(p.command(verb{
		use: "update CLIENT_ID", short: "Change a client",
		long:     "A list that is given becomes exactly that list; what is not given stays.",
		examples: [2]string{"mortise clients update web --first-party", "mortise clients update web --scope 'openid profile posts:read' --resource https://api.example.org"},
		run: func(ctx context.Context, cmd *cobra.Command, args []string) error {
			body, err := clientBody(cmd)
			if err != nil {
				return err
			}
			if len(body) == 0 {
				return usage("nothing to change: see %s --help for what can be given", cmd.CommandPath())
			}
			a, err := newAct(http.MethodPatch, "clients", args[0]).with(body)
			if err != nil {
				return err
			}
			return p.api(ctx, cmd, func(s *session) error { return s.object(a, clientColumns...) })
		},
	})))
}

// The flags of a client and the members they stand for.
var (
	clientTexts = map[string]string{
		"name": "client_name", "auth-method": "token_endpoint_auth_method", "type": "application_type", "scope": "scope", "profile": "profile",
		"backchannel-logout-uri": "backchannel_logout_uri", "id-token-alg": "id_token_signed_response_alg", "access-token-format": "access_token_format",
		"client-uri": "client_uri", "logo-uri": "logo_uri", "policy-uri": "policy_uri", "tos-uri": "tos_uri", "jwks-uri": "jwks_uri",
		"auth-signing-alg": "token_endpoint_auth_signing_alg", "subject-type": "subject_type", "sector-identifier-uri": "sector_identifier_uri",
		"userinfo-alg": "userinfo_signed_response_alg", "request-object-alg": "request_object_signing_alg",
		"frontchannel-logout-uri": "frontchannel_logout_uri", "initiate-login-uri": "initiate_login_uri",
	}
	clientLists = map[string]string{
		"redirect-uri": "redirect_uris", "post-logout-redirect-uri": "post_logout_redirect_uris", "grant-type": "grant_types",
		"response-type": "response_types", "origin": "origins", "resource": "resources", "contact": "contacts", "request-uri": "request_uris",
		"assertion-audience": "assertion_audiences", "response-mode": "response_modes",
		"exchange-subject": "exchange_subjects", "exchange-audience": "exchange_audiences", "exchange-mode": "exchange_modes", "authorization-details-type": "authorization_details_types",
		"default-acr": "default_acr_values",
	}
	clientFlags = map[string]string{
		"first-party": "first_party", "require-par": "require_pushed_authorization_requests", "require-signed-request": "require_signed_request_object",
		"dpop-bound": "dpop_bound_access_tokens", "require-auth-time": "require_auth_time", "backchannel-logout-session": "backchannel_logout_session_required",
		"frontchannel-logout-session": "frontchannel_logout_session_required", "oauth20-only": "oauth20_only", "without-pkce": "without_pkce",
		"without-partial-consent": "without_partial_consent",
	}
	clientLives = map[string]string{
		"access-token-lifetime": "access_token_lifetime", "refresh-token-idle-lifetime": "refresh_token_idle_lifetime", "refresh-token-lifetime": "refresh_token_lifetime",
	}
)

func addClientFlags(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.String("name", "", "what people see")
	f.String("auth-method", "", "private_key_jwt, client_secret_basic, client_secret_post or none")
	f.Bool("public", false, "the same as --auth-method none")
	f.String("type", "", "web or native")
	f.StringArray("redirect-uri", nil, "where browsers go back to, exactly; may be repeated")
	f.StringArray("post-logout-redirect-uri", nil, "where browsers may go after log-out; may be repeated")
	f.String("backchannel-logout-uri", "", "where to tell of log-outs")
	f.StringArray("grant-type", nil, "such as authorization_code or refresh_token; may be repeated")
	f.StringArray("response-type", nil, "such as code; may be repeated")
	f.String("scope", "", "what it may ask for, separated by spaces")
	f.StringArray("resource", nil, "identifier of an API it may ask tokens for; may be repeated")
	f.StringArray("origin", nil, "of its pages in browsers; may be repeated")
	f.Bool("first-party", false, "no consent page")
	f.String("profile", "", "oauth2.1 or fapi2")
	f.String("id-token-alg", "", "RS256, PS256, ES256 or EdDSA")
	f.String("access-token-format", "", "jwt or opaque; empty: as the resource says")
	f.Duration("access-token-lifetime", 0, "5m to 15m; 0: as the resource says")
	f.Duration("refresh-token-idle-lifetime", 0, "how long a refresh token lives unused")
	f.Duration("refresh-token-lifetime", 0, "how long a refresh token lives at the most")
	addMetadataFlags(cmd)
	return cmd
}

func clientBody(cmd *cobra.Command) (map[string]any, error) {
	f := cmd.Flags()
	body := given(cmd, clientTexts)
	for flag, member := range clientLists {
		if f.Changed(flag) {
			list, _ := f.GetStringArray(flag) // these flags were defined by addClientFlags
			body[member] = present(list)
		}
	}
	for flag, member := range clientLives {
		if f.Changed(flag) {
			d, _ := f.GetDuration(flag)
			body[member] = int64(d / time.Second)
		}
	}
	for flag, member := range clientFlags {
		if f.Changed(flag) {
			body[member], _ = f.GetBool(flag)
		}
	}
	if f.Changed("require-assurance") {
		body["require_assurance"], _ = f.GetInt("require-assurance")
	}
	if f.Changed("default-max-age") {
		d, _ := f.GetDuration("default-max-age")
		body["default_max_age"] = int64(d / time.Second)
	}
	if public, _ := f.GetBool("public"); public {
		body["token_endpoint_auth_method"] = "none"
	}
	return body, addDocument(cmd, "jwks", "a JSON Web Key Set", body)
}

// present leaves empty texts out of a list, so that an empty one can be given.
func present(list []string) []string {
	out := []string{}
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
