package oauth

import "github.com/mortise-auth/mortise/internal/token"

// sender is who what is issued now belongs to.
func (c *caller) sender() token.Sender {
	if c.proven {
		return token.Sender{Kind: token.Client}
	}
	return token.Sender{Kind: token.Unproven}
}
