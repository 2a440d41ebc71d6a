package oauth2

import (
	"context"
	"errors"

	"github.com/mortise-auth/mortise/internal/federation"
)

var gitHubHeader = map[string]string{"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}

// gitHub completes the claims of a user with the address that counts: the primary
// one, verified or not, of the endpoint that tells so. The address in the profile is
// what the person chose to show, and counts for nothing.
func (s *Service) gitHub(ctx context.Context, c federation.Connection, t federation.Tokens, claims map[string]any) error {
	delete(claims, "email")
	delete(claims, "email_verified")
	if text(claims["name"]) == "" {
		claims["name"] = claims["login"]
	}
	if c.Endpoints().Emails == "" {
		return nil
	}
	v, err := s.client.Get(ctx, c.Endpoints().Emails, t.Access, gitHubHeader)
	if errors.Is(err, federation.ErrRefused) {
		return nil // without the scope user:email there is none
	}
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	for _, one := range list {
		address, ok := one.(map[string]any)
		if ok && address["primary"] == true {
			claims["email"], claims["email_verified"] = address["email"], address["verified"] == true
			return nil
		}
	}
	return nil
}
