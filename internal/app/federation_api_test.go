package app

import (
	"testing"

	"github.com/mortise-auth/mortise/internal/federation"
)

// Links by the API: a person's own, with a proof, and never the last way in.
func TestLinksByAPI(t *testing.T) {
	t.Parallel()
	a := newAbroad(t)
	a.idp.person("kim", "sub-kim", "email", kimsMail)
	a.idp.person("zoe", "sub-1", "email", "zoe@mail.org")
	l := a.linkKim(t, "acme", "kim")
	b := a.asKim(t)
	list := b.get("/api/v1/me/links").says(t, 200, `"connection":"acme"`).says(t, 200, l.ID.String())
	if data, ok := list.json["data"].([]any); !ok || len(data) != 1 {
		t.Errorf("%s", list.Body)
	}
	remove := func(b *tab, id, body string) answer {
		t.Helper()
		return b.send(ask{"DELETE", "/api/v1/me/links/" + id, body, map[string]string{"Content-Type": "application/json", "Origin": selfURI, "Sec-Fetch-Site": "same-origin"}})
	}
	remove(b, l.ID.String(), `{}`).want(t, 403, "confirmation_required")
	remove(b, "lnk_nonsense", `{"current_password": "x"}`).want(t, 404, "link_unknown")
	z := a.tab(t)
	z.by("acme", "zoe").to(t)
	remove(z, l.ID.String(), `{"current_password": "x"}`).want(t, 403, "confirmation_wrong")
	if got := remove(b, l.ID.String(), `{"current_password": "`+rightPassword+`"}`); got.Code != 204 {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	b.get("/api/v1/me/links").says(t, 200, `{"data":[]}`)

	only := a.links(t, z.account())[0]
	host := func(method, path string) answer {
		t.Helper()
		h := a.h
		a.h = a.HostHandler()
		defer func() { a.h = h }()
		return a.do(t, ask{method, path, "", map[string]string{}})
	}
	host("GET", "/api/v1/users/zoe@mail.org/links").says(t, 200, only.ID.String())
	host("DELETE", "/api/v1/users/zoe@mail.org/links/"+only.ID.String()).want(t, 409, federation.ErrLastWay.Code)
	z.get("/api/v1/users/zoe@mail.org/links").want(t, 403, "host_only")
}
