package authorize

import (
	"context"
	"slices"

	"github.com/mortise-auth/mortise/internal/claims"
)

// checkClaims reads the claims parameter (OpenID Core 5.5). What belongs to a
// scope that the client may not ask for is left out of it.
func checkClaims(_ context.Context, r *request, p Params) error {
	asked, err := claims.Parse(one(p, "claims"))
	if err != nil {
		return ErrInvalidRequest.Because(err)
	}
	r.claims = asked.Within(r.client.MayAsk)
	if sub, ok := asked.InIDToken("sub"); ok && len(sub.Values) > 0 {
		r.wanted = sub.Values[0]
	}
	return nil
}

// asks are the scopes that a person has to agree to: those asked for, and those
// that claims asked for by name belong to.
func (r *request) asks() []string {
	all := slices.Clone(r.scopes)
	for _, name := range r.claims.Scopes() {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
