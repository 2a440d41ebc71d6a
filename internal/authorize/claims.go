package authorize

import (
	"context"
	"slices"
	"strconv"

	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/session"
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
	acr, ok := asked.InIDToken("acr")
	if r.hoped == nil {
		r.hoped = r.client.DefaultACRs
	}
	if ok && !acr.Essential && len(acr.Values) > 0 {
		r.hoped = acr.Values
	}
	if ok && acr.Essential {
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

// rises reports whether the person is to prove more than they did: less than what
// was asked for is known of them, and their account can reach it. It asks for no more
// than once, since who signs in again reaches what they can (OA-94).
func (f *Flow) rises(ctx context.Context, k *kept, s session.Session) (bool, error) {
	wanted := k.levels
	if len(wanted) == 0 && !k.prompt.none {
		wanted = k.hoped
	}
	least := 0
	for _, text := range wanted {
		if n, err := strconv.Atoi(text); err == nil && level(text) && (least == 0 || n < least) {
			least = n
		}
	}
	if f.o.Reach == nil || least <= s.Assurance {
		return false, nil
	}
	reach, err := f.o.Reach(ctx, s.User)
	return reach > s.Assurance && least <= reach, err
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
