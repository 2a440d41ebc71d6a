package verify

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

var anywhere = netip.MustParsePrefix("0.0.0.0/0")

// told signs what the gateway tells an upstream.
func (o *origin) told(change func(m map[string]any)) string {
	return o.toldAs(o.token, jwt.TypeIdentity, change)
}

func (o *origin) toldAs(key jose.PrivateKey, typ string, change func(m map[string]any)) string {
	o.tb.Helper()
	now := o.now().Unix()
	m := map[string]any{
		"iss": o.name, "aud": testAudience, "sub": "usr_kim", "sid": "ses_1", "iat": now, "exp": now + 60, "uv": 5,
		"name": "Kim", "email": "kim@example.test", "roles": []string{"editor"}, "assurance": 2, "auth_time": now - 5,
	}
	if change != nil {
		change(m)
	}
	payload, err := json.Marshal(m)
	if err != nil {
		o.tb.Fatal(err)
	}
	text, err := key.Sign(typ, payload)
	if err != nil {
		o.tb.Fatal(err)
	}
	return text
}

func behindGateway(values ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header["Mortise-Identity"] = values
	r.Header.Set("Remote-User", "usr_root")
	r.Header.Set("Remote-Groups", "admin")
	return r
}

// Behind the gateway identity comes from its signed header and nothing else: not
// from a direct call, not from a header for another upstream, one 61 s old, one of
// a revoked session, and never from an access token.
//
// TH-38
func TestFromGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(FromGateway())
		o.revoke(feed.Session, "ses_gone", 0)
		o.revoke(feed.Subject, "usr_kim", 5)
		time.Sleep(time.Second)
		minute := o.told(func(m map[string]any) { m["exp"] = o.now().Unix() + 3600 })
		direct := request(o.mint(nil))
		direct.Header.Set("Remote-User", "usr_root")
		set := func(name string, value any) *http.Request {
			return behindGateway(o.told(func(m map[string]any) { m[name] = value }))
		}
		tests := []struct {
			name string
			r    *http.Request
			code string
		}{
			{"good", behindGateway(o.told(nil)), ""},
			{"direct call with a good access token", direct, "not_signed_in"},
			{"plain headers only", behindGateway(), "not_signed_in"},
			{"twice", behindGateway(o.told(nil), o.told(nil)), "ambiguous_credentials"},
			{"empty", behindGateway(""), "token_malformed"},
			{"another upstream", set("aud", "https://other.example.test"), "wrong_audience"},
			{"no upstream", set("aud", nil), "wrong_audience"},
			{"another issuer", set("iss", "https://other.example.test"), "wrong_issuer"},
			{"nobody", set("sub", ""), "token_malformed"},
			{"no age", set("iat", 0), "token_malformed"},
			{"of the future", set("iat", o.now().Unix()+30), "token_not_yet_valid"},
			{"expired", set("exp", o.now().Unix()), "token_expired"},
			{"access token in the header", behindGateway(o.mint(nil)), "wrong_token_type"},
			{"as JWT", behindGateway(o.toldAs(o.token, "JWT", nil)), "wrong_token_type"},
			{"revoked session", set("sid", "ses_gone"), "token_revoked"},
			{"a version since raised", set("uv", 4), "token_revoked"},
			{"no version", set("uv", nil), ""},
			{"feed key", behindGateway(o.toldAs(o.feed, jwt.TypeIdentity, nil)), "token_unknown_key"},
		}
		for _, test := range tests {
			_, err := v.Authenticate(t.Context(), test.r)
			if got := codeOf(err); got != test.code {
				t.Errorf("%s: got %q (%v), want %q", test.name, got, err, test.code)
			}
		}
		who, err := v.Authenticate(t.Context(), behindGateway(o.told(nil)))
		if err != nil || who.Subject != "usr_kim" || who.Email != "kim@example.test" || !who.EmailVerified || who.Name != "Kim" || !who.HasRole("editor") || who.HasRole("admin") || who.Assurance != 2 {
			t.Errorf("got %+v, %v", who, err)
		}
		if _, err := v.Token(t.Context(), o.mint(nil)); codeOf(err) != "unsupported_scheme" {
			t.Errorf("a token passed beside the gateway: %v", err)
		}
		for after, code := range map[time.Duration]string{59 * time.Second: "", 61 * time.Second: "token_expired"} {
			synctest.Wait()
			old := o.told(func(m map[string]any) { m["iat"], m["exp"] = o.now().Add(-after).Unix(), o.now().Unix()+3600 })
			if _, err := v.Authenticate(t.Context(), behindGateway(old)); codeOf(err) != code {
				t.Errorf("%v old: %v", after, err)
			}
		}
		o.with(func() { o.down = true })
		time.Sleep(10 * time.Second)
		if _, err := v.Authenticate(t.Context(), behindGateway(minute)); codeOf(err) != "verification_unavailable" {
			t.Errorf("past the bound: %v", err)
		}
	})
}

// Plain headers count from the peers named and from nobody else, whatever
// forwarding headers say. TH-38
func TestInsecureTrustHeaders(t *testing.T) {
	o := newOrigin(t, testIssuer)
	v := o.start(InsecureTrustHeaders(netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")))
	for peer, code := range map[string]string{
		"10.1.2.3:4": "", "[::ffff:10.1.2.3]:4": "", "[fd00::1]:4": "",
		"10.2.2.3:4": "not_signed_in", "[::1]:4": "not_signed_in", "@": "not_signed_in", "": "not_signed_in", "10.1.2.3": "not_signed_in",
	} {
		r := behindGateway()
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "10.1.2.3")
		r.Header.Set("Remote-Groups", "editor, admin,,")
		who, err := v.Authenticate(t.Context(), r)
		if codeOf(err) != code {
			t.Errorf("%q: %v", peer, err)
		}
		if code == "" && (who.Subject != "usr_root" || len(who.Roles()) != 2) {
			t.Errorf("%q: %+v", peer, who)
		}
	}
	r := behindGateway()
	r.RemoteAddr = "10.1.2.3:4"
	r.Header.Add("Remote-User", "usr_other")
	if _, err := v.Authenticate(t.Context(), r); codeOf(err) != "ambiguous_credentials" {
		t.Errorf("two users: %v", err)
	}
}
