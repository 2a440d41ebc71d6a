package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func addMetadataFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("client-uri", "", "its home page")
	f.String("logo-uri", "", "its logo")
	f.String("policy-uri", "", "what it does with data")
	f.String("tos-uri", "", "its terms of service")
	f.StringArray("contact", nil, "an email address of its makers; may be repeated")
	f.String("jwks", "", "a file with its public keys, a JSON Web Key Set; - for standard input")
	f.String("jwks-uri", "", "where its public keys are")
	f.String("auth-signing-alg", "", "of its assertions; empty: any that its profile admits")
	f.StringArray("assertion-audience", nil, "an older audience of its assertions; may be repeated")
	f.String("subject-type", "", "public or pairwise")
	f.String("sector-identifier-uri", "", "of the document that lists its redirect addresses, for pairwise subjects")
	f.String("userinfo-alg", "", "PS256, ES256, EdDSA or RS256; empty: plain JSON")
	f.String("request-object-alg", "", "of its request objects; none for unsigned ones")
	f.StringArray("request-uri", nil, "where its request objects are, exactly; may be repeated")
	f.Bool("require-signed-request", false, "refuse authorization requests that are not signed")
	f.Bool("require-par", false, "refuse authorization requests that were not pushed")
	f.Bool("dpop-bound", false, "bind its tokens to a key")
	f.Duration("default-max-age", 0, "how old a sign-in may be unless it says")
	f.Bool("require-auth-time", false, "always say when the person signed in")
	f.Int("require-assurance", 0, "1 to 3: what people have to sign in to it with; 0: nothing")
	f.StringArray("default-acr", nil, "a level of assurance it wants unless it says; may be repeated")
	f.String("initiate-login-uri", "", "where others may start a sign-in")
	f.Bool("backchannel-logout-session", false, "its log-out needs to know the session")
	f.String("frontchannel-logout-uri", "", "a page of it that forgets the person")
	f.Bool("frontchannel-logout-session", false, "that page needs to know the session")
	f.StringArray("authorization-details-type", nil, "a type of authorization_details it may send; may be repeated")
	f.StringArray("response-mode", nil, "query, form_post or fragment; may be repeated")
	f.Bool("oauth20-only", false, "an old client: redirect_uri is required at the token endpoint")
	f.Bool("without-pkce", false, "an old client that cannot send a code_challenge")
	f.StringArray("exchange-subject", nil, "tokens it may exchange, own or received; may be repeated")
	f.StringArray("exchange-audience", nil, "an API it may exchange tokens for; may be repeated")
	f.StringArray("exchange-mode", nil, "delegation or impersonation; may be repeated")
	f.Bool("without-partial-consent", false, "people agree to all scopes or to none")
}

// addDocument reads the JSON file that a flag names into the body's member of that name.
func addDocument(cmd *cobra.Command, flag, what string, body map[string]any) error {
	name, _ := cmd.Flags().GetString(flag)
	if name == "" {
		return nil
	}
	raw, err := readFile(cmd, name)
	if err != nil {
		return err
	}
	if !json.Valid(raw) {
		return usage("%s is not JSON: --%s wants %s", name, flag, what)
	}
	body[strings.ReplaceAll(flag, "-", "_")] = json.RawMessage(raw)
	return nil
}

func readFile(cmd *cobra.Command, name string) ([]byte, error) {
	const most = 64 << 10
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	raw, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && len(raw) > most {
		err = fmt.Errorf("%s is larger than 64 KiB", name)
	}
	return raw, err
}
