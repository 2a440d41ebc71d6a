package app

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/token"
)

// TH-8 OA-34 OA-61: whatever one client refreshes, asks about or takes back, with
// its own tokens and with another's, the other client's family and access token
// are what they were.
func TestClientsDoNotTouchEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paths := []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"}
	var i token.Issued
	rapid.Check(t, func(rt *rapid.T) {
		other := map[string]token.SenderKind{"web": token.Client, "phone": token.Unproven}
		victim := rapid.SampledFrom([]string{"web", "phone"}).Draw(rt, "victim")
		audience := rapid.SampledFrom([]string{apiURI, vaultURI}).Draw(rt, "audience")
		i = w.grant(t, victim, other[victim], audience)
		before, alive, err := w.store.Tokens().ByID(t.Context(), i.Grant.ID, w.now())
		if err != nil || !alive {
			rt.Fatalf("%v %v", alive, err)
		}
		known := []string{i.Refresh.Reveal(), i.Access.Reveal()}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			as := rapid.SampledFrom([]string{"desk", "stranger", "api", "spa", "own", "nobody"}).Draw(rt, "as")
			text := rapid.SampledFrom(known).Draw(rt, "text")
			if rapid.Bool().Draw(rt, "mangled") && len(text) > 3 {
				at := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
				text = text[:at] + rapid.SampledFrom([]string{"", "x", "A"}).Draw(rt, "by") + text[at:]
			}
			got := w.form(t, rapid.SampledFrom(paths).Draw(rt, "path"), as, "grant_type", "refresh_token", "refresh_token", text, "token", text)
			if got.text("access_token") != "" || got.json["active"] == true && as != "api" {
				rt.Fatalf("%s got %s", as, got.Body)
			}
		}
		after, alive, err := w.store.Tokens().ByID(t.Context(), i.Grant.ID, w.now())
		if err != nil || !alive || after.Family.Generation != before.Family.Generation || !after.Family.Digest.Equal(before.Family.Digest) ||
			after.Family.InAll != before.Family.InAll || !after.Family.LapsesAt.Equal(before.Family.LapsesAt) {
			rt.Fatalf("%+v\n%+v %v %v", before, after, alive, err)
		}
		if _, err := w.Auth.Bearer(t.Context(), i.Access.Reveal(), audience); err != nil {
			rt.Fatal(err)
		}
	})
}
