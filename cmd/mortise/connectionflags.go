package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// The flags of a connection and the members they stand for.
var (
	connectionTexts = map[string]string{
		"type": "type", "organization": "organization", "label": "label", "client-id": "client_id", "issuer": "issuer", "auth-method": "token_endpoint_auth_method",
		"team-id": "team_id", "key-id": "key_id", "logout": "logout",
	}
	connectionLists = map[string]string{
		"scope": "scopes", "algorithm": "algorithms", "tenant": "tenants", "trust": "trusted_domains", "strong": "strong",
	}
	connectionSwitches = map[string]string{
		"enabled": "enabled", "hidden": "hidden", "keep-tokens": "keep_tokens", "pass-on-freshness": "pass_on_freshness",
	}
	endpointTexts = map[string]string{
		"authorization-endpoint": "authorization", "token-endpoint": "token", "userinfo-endpoint": "userinfo", "emails-endpoint": "emails",
		"end-session-endpoint": "end_session", "revocation-endpoint": "revocation",
	}
	provisionTexts = map[string]string{"provision": "mode", "provision-organization": "organization"}
	provisionLists = map[string]string{"provision-domain": "domains", "provision-role": "roles"}
)

func connectionFlags(cmd *cobra.Command) *cobra.Command {
	f := cmd.Flags()
	f.String("client-id", "", "that the other service gave out")
	f.String("secret-env", "", "the variable that holds the secret, or the private key in PEM")
	f.String("secret-file", "", "the file that holds it; - for standard input")
	f.String("label", "", "on its button; empty: what the type is called")
	f.Bool("enabled", true, "people may sign in with it")
	f.Bool("hidden", false, "no button on the sign-in page")
	f.String("issuer", "", "of the OpenID provider")
	f.StringArray("scope", nil, "a scope to ask for; may be repeated")
	f.StringArray("algorithm", nil, "that ID tokens may be signed with; may be repeated")
	f.String("auth-method", "", "client_secret_basic, client_secret_post, private_key_jwt or none")
	f.StringArray("tenant", nil, "of Microsoft, that it may answer for; may be repeated")
	f.String("team-id", "", "Apple's")
	f.String("key-id", "", "of the private key")
	f.StringArray("trust", nil, "a domain whose addresses it may vouch for, or *; may be repeated")
	f.StringArray("strong", nil, "an acr or amr value that counts as two factors; may be repeated")
	f.Bool("keep-tokens", false, "keep the service's tokens, sealed")
	f.Bool("pass-on-freshness", false, "have people prove themselves anew over there when they must here")
	f.StringArray("map", nil, "FIELD=CLAIM, such as name=profile.display; may be repeated")
	f.StringArray("group", nil, "GROUP=ROLE, a role of ours for a group of theirs; may be repeated")
	f.StringArray("once", nil, "a field that is taken at the first sign-in only; may be repeated")
	f.String("provision", "", "who gets an account at first sight: anyone, domains, invited (an administrator made an account for the address) or nobody")
	f.StringArray("provision-domain", nil, "for domains: whose verified address; may be repeated")
	f.String("provision-organization", "", "slug of the organisation that new people join")
	f.StringArray("provision-role", nil, "a role that new people get; may be repeated")
	f.String("logout", "", "of their session at our sign-out: offer or always; empty: it stays")
	f.String("authorization-endpoint", "", "of a service without discovery")
	f.String("token-endpoint", "", "of a service without discovery")
	f.String("userinfo-endpoint", "", "of a service without discovery")
	f.String("emails-endpoint", "", "of a GitHub of your own")
	f.String("end-session-endpoint", "", "of a service without discovery")
	f.String("revocation-endpoint", "", "of a service without discovery")
	return cmd
}

func (p *program) connectionBody(cmd *cobra.Command) (map[string]any, error) {
	body := given(cmd, connectionTexts)
	givenLists(cmd, body, connectionLists)
	for flag, member := range connectionSwitches {
		if cmd.Flags().Changed(flag) {
			body[member], _ = cmd.Flags().GetBool(flag) // defined by connectionFlags
		}
	}
	if endpoints := given(cmd, endpointTexts); len(endpoints) > 0 {
		body["endpoints"] = endpoints
	}
	provision := given(cmd, provisionTexts)
	givenLists(cmd, provision, provisionLists)
	if len(provision) > 0 {
		body["provision"] = provision
	}
	mapping, err := mappingBody(cmd)
	if err != nil {
		return nil, err
	}
	if len(mapping) > 0 {
		body["mapping"] = mapping
	}
	return body, p.secretBody(cmd, body)
}

func givenLists(cmd *cobra.Command, body map[string]any, names map[string]string) {
	for flag, member := range names {
		if cmd.Flags().Changed(flag) {
			list, _ := cmd.Flags().GetStringArray(flag)
			body[member] = present(list)
		}
	}
}

func mappingBody(cmd *cobra.Command) (map[string]any, error) {
	body := map[string]any{}
	givenLists(cmd, body, map[string]string{"once": "once"})
	fields, roles := map[string]string{}, map[string][]string{}
	for flag, add := range map[string]func(name, value string){
		"map":   func(name, value string) { fields[name] = value },
		"group": func(name, value string) { roles[name] = append(roles[name], value) },
	} {
		list, _ := cmd.Flags().GetStringArray(flag)
		for _, pair := range present(list) {
			at := strings.LastIndexByte(pair, '=')
			if at < 1 || at == len(pair)-1 {
				return nil, usage("--%s wants NAME=VALUE, not %q", flag, pair)
			}
			add(pair[:at], pair[at+1:])
		}
	}
	if cmd.Flags().Changed("map") {
		body["fields"] = fields
	}
	if cmd.Flags().Changed("group") {
		body["roles"] = roles
	}
	return body, nil
}

// secretBody reads the secret from where it is said to be, which is never the
// command line. What is only printed gets a placeholder.
func (p *program) secretBody(cmd *cobra.Command, body map[string]any) error {
	env, _ := cmd.Flags().GetString("secret-env")
	file, _ := cmd.Flags().GetString("secret-file")
	as, err := asFlag(cmd)
	switch {
	case err != nil || env == "" && file == "":
		return err
	case env != "" && file != "":
		return usage("--secret-env and --secret-file exclude each other")
	case as != "":
		body["client_secret"] = "SECRET"
		return nil
	case env != "":
		value, ok := p.getenvOK(env)
		if !ok || value == "" {
			return usage("the variable %s is not set", env)
		}
		body["client_secret"] = value
		return nil
	}
	raw, err := readFile(cmd, file)
	if err != nil {
		return err
	}
	text := strings.TrimRight(string(raw), "\r\n")
	if text == "" {
		return usage("%s is empty: it should hold the secret", file)
	}
	body["client_secret"] = text
	return nil
}
