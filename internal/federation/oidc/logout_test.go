package oidc_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/upstream"
)

// Kept tokens are refreshed and given back; others are not kept at all.
func TestKeptTokens(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	if p := r.person(t, federation.Ask{}); p.Tokens != nil {
		t.Error("tokens nobody asked for")
	}
	r.con.Settings.KeepTokens = true
	first := *r.person(t, federation.Ask{}).Tokens
	if r.up.Last().Get("scope") != "openid profile email offline_access" || first.Refresh.IsZero() || !first.ExpiresAt.Equal(r.clock.Now().Add(3599*time.Second)) {
		t.Fatalf("%v, %v", r.up.Last(), first.ExpiresAt)
	}
	kept, err := federation.ReadTokens(first.Reveal())
	if err != nil || kept.Refresh.Reveal() != first.Refresh.Reveal() || kept.ID.Reveal() != first.ID.Reveal() {
		t.Fatalf("not read back: %v", err)
	}
	fresh, err := r.Refresh(t.Context(), r.con, kept)
	if err != nil || fresh.Access.Reveal() == kept.Access.Reveal() || fresh.Refresh.Reveal() != kept.Refresh.Reveal() {
		t.Fatalf("%v", err)
	}
	if err := r.Revoke(t.Context(), r.con, fresh); err != nil || !slices.Contains(r.up.Revoked(), fresh.Refresh.Reveal()) {
		t.Errorf("%v, %v", err, r.up.Revoked())
	}
	_, err = r.Refresh(t.Context(), r.con, fresh)
	refuses(t, "revoked", err, federation.ErrRefused)
	_, err = r.Refresh(t.Context(), r.con, federation.Tokens{Access: fresh.Access})
	refuses(t, "no refresh token", err, federation.ErrRefused)

	google := newRig(t, upstream.Google)
	google.con.Settings.KeepTokens = true
	if p := google.person(t, federation.Ask{}); p.Tokens.Refresh.IsZero() || google.up.Last().Get("access_type") != "offline" {
		t.Errorf("%v", google.up.Last())
	}
	lab := newRig(t, upstream.GitLab) // hands out a new refresh token each time
	lab.con.Settings.KeepTokens = true
	old := *lab.person(t, federation.Ask{}).Tokens
	next, err := lab.Refresh(t.Context(), lab.con, old)
	if err != nil || next.Refresh.Reveal() == old.Refresh.Reveal() {
		t.Errorf("%v", err)
	}
	if _, err := lab.Refresh(t.Context(), lab.con, next); err != nil {
		t.Error(err)
	}
}

// The way out over there is what its metadata says, and nothing if it says none.
func TestLogoutAddress(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.con.Settings.Logout = federation.LogoutOffer
	kept := r.person(t, federation.Ask{}).Tokens
	if kept == nil || kept.ID.IsZero() || !kept.Access.IsZero() {
		t.Fatal("the ID token is kept for the way out, and nothing else")
	}
	address, err := r.Logout(t.Context(), r.con, federation.Leave{ID: kept.ID, Return: "https://id.example.test/signed-out", State: "s", LoginHint: "ada"})
	q := query(t, address)
	want := url.Values{
		"client_id": {upstream.ClientID}, "id_token_hint": {kept.ID.Reveal()}, "post_logout_redirect_uri": {"https://id.example.test/signed-out"}, "state": {"s"}, "logout_hint": {"ada"},
	}
	if err != nil || q.Encode() != want.Encode() || !strings.HasPrefix(address, r.up.URL+"/logout?") {
		t.Errorf("%s, %v", address, err)
	}
	if address, err = r.Logout(t.Context(), r.con, federation.Leave{ID: secret.NewText("")}); err != nil || query(t, address).Encode() != "client_id="+upstream.ClientID {
		t.Errorf("%s, %v", address, err)
	}
	google := newRig(t, upstream.Google)
	if address, err := google.Logout(t.Context(), google.con, federation.Leave{}); address != "" || err != nil {
		t.Errorf("%s, %v", address, err)
	}
}

// A logout token of the service ends what it names. OA-99
func TestLogoutToken(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	for _, one := range []struct{ subject, session string }{{"1", "s"}, {"1", ""}, {"", "s"}} {
		e, err := r.Ended(t.Context(), r.con, r.up.LogoutToken(one.subject, one.session, nil))
		if err != nil || e.Issuer != r.up.URL || e.Subject != one.subject || e.Session != one.session || e.ID == "" || !e.Until.Equal(r.clock.Now().Add(3*time.Minute)) {
			t.Errorf("%+v: %+v, %v", one, e, err)
		}
	}
	e, err := r.Ended(t.Context(), r.con, r.up.LogoutToken("1", "", func(header, claims map[string]any) {
		delete(header, "typ") // as those have it who implemented an earlier draft
		delete(claims, "exp")
	}))
	if err != nil || !e.Until.After(r.clock.Now().Add(9*time.Minute)) {
		t.Errorf("%+v, %v", e, err)
	}
}

// Nothing else is taken for one. OA-99 JW-24
func TestLogoutTokensThatAreRefused(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	const event = "http://schemas.openid.net/event/backchannel-logout"
	now := r.clock.Now().Unix()
	for name, c := range map[string]struct {
		edit func(header, claims map[string]any)
		want error
	}{
		"another issuer":  {func(_, c map[string]any) { c["iss"] = "https://attacker.example" }, jwt.ErrIssuer},
		"another client":  {func(_, c map[string]any) { c["aud"] = "another" }, jwt.ErrAudience},
		"nonce":           {func(_, c map[string]any) { c["nonce"] = "n" }, jwt.ErrClaims},
		"empty nonce":     {func(_, c map[string]any) { c["nonce"] = nil }, jwt.ErrClaims},
		"no events":       {func(_, c map[string]any) { delete(c, "events") }, jwt.ErrClaims},
		"other event":     {func(_, c map[string]any) { c["events"] = map[string]any{"x": map[string]any{}} }, jwt.ErrClaims},
		"event no object": {func(_, c map[string]any) { c["events"] = map[string]any{event: true} }, jwt.ErrClaims},
		"events a list":   {func(_, c map[string]any) { c["events"] = []string{event} }, jwt.ErrClaims},
		"nobody":          {func(_, c map[string]any) { delete(c, "sub") }, jwt.ErrClaims},
		"no jti":          {func(_, c map[string]any) { delete(c, "jti") }, jwt.ErrClaims},
		"long jti":        {func(_, c map[string]any) { c["jti"] = strings.Repeat("x", 256) }, jwt.ErrClaims},
		"expired":         {func(_, c map[string]any) { c["exp"] = now - 61 }, jwt.ErrExpired},
		"old, no exp":     {func(_, c map[string]any) { c["iat"] = now - 661; delete(c, "exp") }, jwt.ErrExpired},
		"future":          {func(_, c map[string]any) { c["iat"] = now + 61 }, jwt.ErrIssuedAt},
		"future, no exp":  {func(_, c map[string]any) { c["iat"] = now + 61; delete(c, "exp") }, jwt.ErrIssuedAt},
		"no iat":          {func(_, c map[string]any) { delete(c, "iat") }, jwt.ErrClaims},
		"for ever":        {func(_, c map[string]any) { c["exp"] = now + 4000 }, jwt.ErrFar},
		"another kind":    {func(h, _ map[string]any) { h["typ"] = "at+jwt" }, jose.ErrType},
	} {
		e, err := r.Ended(t.Context(), r.con, r.up.LogoutToken("1", "", c.edit))
		if !errors.Is(err, federation.ErrStatement) || !errors.Is(err, c.want) || e != (federation.Ended{}) {
			t.Errorf("%s: %+v, %v (%v)", name, e, err, errors.Unwrap(err))
		}
	}
	for _, fault := range []upstream.Fault{upstream.Unsigned, upstream.PublicSecret, upstream.OldKey, upstream.OldKeyRenamed, upstream.ForeignKey} {
		r.up.Mend()
		r.up.Break(fault)
		_, err := r.Ended(t.Context(), r.con, r.up.LogoutToken("1", "", nil))
		refuses(t, string(fault), err, federation.ErrStatement)
	}
	r.up.Mend()
	r.con.Settings.Logout = federation.LogoutOffer
	id := r.person(t, federation.Ask{}).Tokens.ID.Reveal()
	_, err := r.Ended(t.Context(), r.con, id)
	refuses(t, "an ID token", err, federation.ErrStatement)
}

// A logout token is no ID token.
func TestLogoutTokenSignsNobodyIn(t *testing.T) {
	r := newRig(t, upstream.OIDC)
	r.up.Say(map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}})
	_, err := r.signIn(t, federation.Ask{})
	refuses(t, "an ID token with a logout event", err, federation.ErrStatement)
}
