package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	registered "github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/token"
	"github.com/mortise-auth/mortise/internal/user"
)

// inspected asks as the host, and checks the findings.
func (r *rig) inspected(t *testing.T, text string, findings ...string) map[string]any {
	t.Helper()
	got := r.asHost().must(t, 200, "POST", "/tokens/inspect", `{"token":"`+text+`"}`).json
	var found []string
	for _, f := range got["findings"].([]any) {
		found = append(found, f.(string))
	}
	if !slices.Equal(found, findings) || got["valid"] != (len(findings) == 0) {
		t.Errorf("found %v, want %v: %v", found, findings, got)
	}
	return got
}

// TH-3 JW-11: an administrator learns of a token whose it is and why it is dead;
// nobody else may ask, and nothing is used up by asking.
func TestInspect(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	r.person(t, "kim@example.org")
	kim := r.program().signedIn(t, "kim@example.org")
	r.clock.Advance(time.Second)
	held := r.app(t, "kim@example.org", "notes")
	access, refresh := held.Access.Reveal(), held.Refresh.Reveal()

	kim.refuse(t, 403, "host_only", "POST", "/tokens/inspect", `{"token":"`+refresh+`"}`)
	r.program().must(t, 401, "POST", "/tokens/inspect", `{"token":"`+refresh+`"}`)

	got := r.inspected(t, access)
	if got["kind"] != "access_token" || got["email"] != "kim@example.org" || got["client_id"] != "notes" || got["key_state"] != "current" ||
		got["grant"] != held.Grant.ID.String() || got["session"] != held.Grant.Session.String() || got["device"] == "" {
		t.Errorf("access: %v", got)
	}
	got = r.inspected(t, refresh)
	if got["kind"] != "refresh_token" || got["generation"] != 1.0 || got["sender"] != "none" {
		t.Errorf("refresh: %v", got)
	}

	r.inspected(t, "nonsense", "malformed")
	r.inspected(t, refresh[:len(refresh)-1]+"!", "not_ours")
	r.inspected(t, "a.b.c", "malformed")
	head, tail, _ := strings.Cut(access, ".")
	payload, _, _ := strings.Cut(tail, ".")
	r.inspected(t, head+"."+payload+"."+strings.Repeat("A", 86), "signature")
	r.inspected(t, foreign(t, r.Issuer()), "not_ours")

	next, err := r.Grants.Refresh(t.Context(), token.Request{Token: refresh, Client: "notes"})
	if err != nil {
		t.Fatalf("asking used the token up: %v", err)
	}
	r.inspected(t, refresh, "replaced")
	r.inspected(t, next.Refresh.Reveal())

	r.clock.Advance(11 * time.Minute)
	r.inspected(t, access, "expired")
	after, err := r.Grants.Refresh(t.Context(), token.Request{Token: next.Refresh.Reveal(), Client: "notes"})
	if err != nil {
		t.Fatal(err)
	}
	kim.must(t, 204, "DELETE", "/session", "")
	got = r.inspected(t, after.Access.Reveal(), "grant_ended", "session_ended")
	if got["session_cause"] != "signed_out" {
		t.Errorf("session: %v", got)
	}
}

func TestInspectGrant(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	u := r.person(t, "kim@example.org")
	r.program().signedIn(t, "kim@example.org")
	held := r.app(t, "kim@example.org", "notes")
	access := held.Access.Reveal()
	host := r.asHost()
	host.must(t, 204, "DELETE", "/users/kim@example.org/grants/"+held.Grant.ID.String(), "")
	if got := r.inspected(t, access, "grant_ended"); got["grant_cause"] != "revoked_by_admin" {
		t.Errorf("grant: %v", got)
	}
	again := r.app(t, "kim@example.org", "notes")
	if _, err := r.Directory.RotateKey(t.Context(), user.Host(), signing.Token, jose.EdDSA, true); err != nil {
		t.Fatal(err)
	}
	r.inspected(t, again.Access.Reveal(), "key_gone")
	if err := r.Directory.DisableClient(t.Context(), user.Host(), registered.ID("notes")); err != nil {
		t.Fatal(err)
	}
	r.inspected(t, again.Refresh.Reveal(), "client_disabled")
	if err := r.Directory.DeleteUser(t.Context(), user.Host(), u.ID); err != nil {
		t.Fatal(err)
	}
	r.inspected(t, again.Refresh.Reveal(), "grant_gone")
}

// foreign is a token of the same shape by a key that is nobody's here.
func foreign(t *testing.T, issuer string) string {
	t.Helper()
	key, err := jose.Generate(jose.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Sign("at+jwt", []byte(`{"iss":"`+issuer+`","sub":"usr_1","aud":"`+issuer+`","client_id":"x","jti":"tok_1","iat":1790000000,"exp":1790000600}`))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TH-7: doctor is for administrators, and finds nothing on a new instance but that
// it has no mail.
func TestDoctor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready(t)
	r.person(t, "kim@example.org")
	r.program().signedIn(t, "kim@example.org").refuse(t, 403, "host_only", "GET", "/doctor", "")
	if got := r.asHost().must(t, 200, "GET", "/doctor", ""); len(got.json["findings"].([]any)) != 0 {
		t.Errorf("found %s", got.text)
	}
	r.clock.Advance(200 * 24 * time.Hour)
	text := r.asHost().must(t, 200, "GET", "/doctor", "").text
	for _, number := range []string{"MD-2", "MD-3"} {
		if !strings.Contains(text, `"`+number+`"`) {
			t.Errorf("%s is missing from %s", number, text)
		}
	}
}
