package authorize

import (
	"context"
	"slices"
	"strconv"

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
	if acr, ok := asked.InIDToken("acr"); ok && acr.Essential {
		if r.levels = acr.Values; len(r.levels) > 0 && !slices.ContainsFunc(r.levels, level) {
			return ErrUnmet.Becausef("acr %.80q", r.levels)
		}
	}
	return nil
}

// level reports whether text is an acr that a sign-in here can have.
func level(text string) bool { return text == "1" || text == "2" || text == "3" }

// acr is what a sign-in of an assurance is told as. Where the client must have one
// of some levels (OpenID Connect Core 5.5.1.1) it is the highest of those that the
// sign-in reached: who proved more has proved that. ok: it reached one, or none was
// asked for.
func (r *request) acr(assurance int) (text string, ok bool) {
	reached := strconv.Itoa(assurance)
	if len(r.levels) == 0 {
		return reached, true
	}
	for _, wanted := range r.levels {
		if level(wanted) && wanted <= reached && wanted > text {
			text = wanted
		}
	}
	return text, text != ""
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
