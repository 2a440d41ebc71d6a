package verify

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// One request, one credential, in one place; each way to be wrong has a code, a
// status and a challenge.
//
// OA-50 OA-51 OA-52 JW-20 JW-21 JW-22 JW-23 TH-20
func TestAuthenticate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		good := o.mint(nil)
		forged := good[:strings.LastIndexByte(good, '.')+1] + strings.Repeat("A", 86)
		parts := strings.Split(good, ".")
		other := strings.Split(o.mint(func(a *jwt.Access) { a.Subject = "usr_root" }), ".")
		rest := func(claim func(a *jwt.Access)) []string { return []string{"Bearer " + o.mint(claim)} }
		old, late := o.mint(nil), o.mint(func(a *jwt.Access) { a.NotBefore = a.IssuedAt + 3600 })
		expired := o.mint(func(a *jwt.Access) { a.Expiry = a.IssuedAt - 10 })
		tests := []struct {
			name    string
			headers []string
			code    string
		}{
			{"good", []string{"Bearer " + good}, ""},
			{"scheme in any case", []string{"bEARER " + good}, ""},
			{"two spaces", []string{"Bearer  " + good + " "}, ""},
			{"none", nil, "not_signed_in"},
			{"empty", []string{""}, "unsupported_scheme"},
			{"Basic", []string{"Basic YTpi"}, "unsupported_scheme"},
			{"DPoP", []string{"DPoP " + good}, "token_not_bound"},
			{"no scheme", []string{good}, "unsupported_scheme"},
			{"no token", []string{"Bearer"}, "ambiguous_credentials"},
			{"only spaces", []string{"Bearer   "}, "ambiguous_credentials"},
			{"twice", []string{"Bearer " + good, "Bearer " + good}, "ambiguous_credentials"},
			{"a good one after Basic", []string{"Basic YTpi", "Bearer " + good}, "ambiguous_credentials"},
			{"a list", []string{"Bearer " + good + ", Bearer " + good}, "ambiguous_credentials"},
			{"tab", []string{"Bearer\t" + good}, "unsupported_scheme"},
			{"not token68", []string{"Bearer " + good + "\x00"}, "token_malformed"},
			{"too long", []string{"Bearer " + strings.Repeat("a", 1<<20)}, "token_malformed"},
			{"two parts", []string{"Bearer " + parts[0] + "." + parts[1]}, "token_inactive"},
			{"padded", []string{"Bearer " + good + "=="}, "token_malformed"},
			{"forged", []string{"Bearer " + forged}, "token_signature"},
			{"another payload under the signature", []string{"Bearer " + parts[0] + "." + other[1] + "." + parts[2]}, "token_signature"},
			{"ID token", []string{"Bearer " + o.mintWith(o.token, "JWT", nil)}, "wrong_token_type"},
			{"feed batch", []string{"Bearer " + o.mintWith(o.token, jwt.TypeFeed, nil)}, "wrong_token_type"},
			{"identity header", []string{"Bearer " + o.mintWith(o.token, jwt.TypeIdentity, nil)}, "wrong_token_type"},
			{"unknown key", []string{"Bearer " + o.mintWith(newKey(t), jwt.TypeAccess, nil)}, "token_unknown_key"},
			{"another issuer", rest(func(a *jwt.Access) { a.Issuer = testIssuer + "/" }), "wrong_issuer"},
			{"issuer in capitals", rest(func(a *jwt.Access) { a.Issuer = strings.ToUpper(testIssuer) }), "wrong_issuer"},
			{"another audience", rest(func(a *jwt.Access) { a.Audience = []string{testAudience + "/"} }), "wrong_audience"},
			{"no audience", rest(func(a *jwt.Access) { a.Audience = nil }), "token_malformed"},
			{"one of the audiences", rest(func(a *jwt.Access) { a.Audience = []string{"https://x", testAudience} }), ""},
			{"expired", []string{"Bearer " + expired}, "token_expired"},
			{"not yet", []string{"Bearer " + late}, "token_not_yet_valid"},
			{"issued in the future", rest(func(a *jwt.Access) { a.IssuedAt += 60 }), "token_not_yet_valid"},
			{"bound to a DPoP key", rest(func(a *jwt.Access) { a.JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), "token_bound"},
			{"bound to a certificate", rest(func(a *jwt.Access) { a.X5T = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), "token_bound"},
			{"a refresh token", []string{"Bearer mrt_rt_abcdef012345"}, "wrong_token_type"},
			{"an opaque token mistyped", []string{"Bearer mrt_at_0000000000x000000"}, "token_malformed"},
			{"still good", []string{"Bearer " + old}, ""},
		}
		for _, test := range tests {
			r := httptest.NewRequest(http.MethodGet, "/?access_token="+good, strings.NewReader("access_token="+good))
			r.AddCookie(&http.Cookie{Name: "access_token", Value: good})
			r.Header["Authorization"] = test.headers
			if test.headers == nil {
				r.Header.Del("Authorization")
			}
			who, err := v.Authenticate(t.Context(), r)
			if got := codeOf(err); got != test.code {
				t.Errorf("%s: got %q (%v), want %q", test.name, got, err, test.code)
			}
			if err != nil && who.Subject != "" {
				t.Errorf("%s: claims beside a refusal", test.name)
			}
			checkChallenge(t, test.name, serve(v.Require(), r), test.code)
		}
	})
}

func checkChallenge(t *testing.T, name string, w *httptest.ResponseRecorder, code string) {
	t.Helper()
	want := map[string]string{
		"": "", "not_signed_in": "Bearer", "unsupported_scheme": "Bearer",
		"ambiguous_credentials": `Bearer error="invalid_request",error_description="Send exactly one Authorization header with one access token."`,
	}
	auth, listed := want[code]
	got := w.Header().Get("WWW-Authenticate")
	if listed && got != auth || !listed && !strings.Contains(got, ` error="invalid_token",error_description="`) && !strings.HasPrefix(got, `DPoP algs=`) {
		t.Errorf("%s: challenge %q", name, got)
	}
	status := map[string]int{"": 204, "ambiguous_credentials": 400}[code]
	if status == 0 {
		status = 401
	}
	if w.Code != status {
		t.Errorf("%s: answered %d, want %d", name, w.Code, status)
	}
}

// A token remembered as good still expires and still answers for its key. TH-20
func TestRememberedTokenIsCheckedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		token := o.mint(nil)
		wants(t, v, token, "")
		time.Sleep(10*time.Minute + 11*time.Second)
		wants(t, v, token, "token_expired")

		token = o.mint(nil)
		wants(t, v, token, "")
		o.with(func() { o.published = []jose.PublicKey{newKey(t).Public()} })
		time.Sleep(8 * time.Minute) // the set is fetched again
		wants(t, v, token, "token_unknown_key")
	})
}

// Two verifiers of different audiences in one process share nothing. TH-20
func TestTwoAudiences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		ours := o.start()
		theirs := o.start(Audience("https://other.example.test"), InsecureWithoutRevocation())
		token := o.mint(nil)
		wants(t, ours, token, "")
		wants(t, theirs, token, "wrong_audience")
		wants(t, ours, token, "")
	})
}

// All that a token says arrives.
func TestIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		who, err := v.Authenticate(t.Context(), request(o.mint(nil)))
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if who.Kind != User || who.Issuer != testIssuer || who.Subject != "usr_kim" || who.ClientID != "web" || who.Session != "ses_1" ||
			who.Grant != "grt_1" || who.CredentialID != "tok_1" || who.Assurance != 2 || !who.HasScope("posts:write") || !who.HasRole("editor") ||
			!who.HasOrganizationRole("acme", "owner") || !who.ExpiresAt.Equal(now.Add(10*time.Minute)) || !who.AuthenticatedAt.Equal(now.Add(-time.Minute)) {
			t.Errorf("got %+v", who)
		}
		who, err = v.Token(t.Context(), o.mint(func(a *jwt.Access) { a.Subject, a.AuthTime, a.ACR = a.ClientID, 0, "silver" }))
		if err != nil || who.Kind != Client || who.Assurance != 0 || !who.AuthenticatedAt.IsZero() {
			t.Errorf("got %+v, %v", who, err)
		}
	})
}

// Algorithms narrows what keys count. JW-10
func TestAlgorithms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		ec, err := jose.Generate(jose.ES256)
		if err != nil {
			t.Fatal(err)
		}
		o.published = append(o.published, ec.Public())
		es := o.mintWith(ec, jwt.TypeAccess, nil)
		wants(t, o.start(InsecureWithoutRevocation()), es, "")
		wants(t, o.start(InsecureWithoutRevocation(), Algorithms("EdDSA")), es, "token_unknown_key")
		wants(t, o.start(InsecureWithoutRevocation(), Algorithms("ES256")), o.mint(nil), "token_unknown_key")
	})
}

// Faults of configuration are told together, by name.
func TestOptions(t *testing.T) {
	creds := Credentials("id", "secret")
	tests := map[string]struct {
		issuer string
		opts   []Option
		want   []error
	}{
		"nothing":          {"https://id.example.test", nil, []error{ErrNoAudience}},
		"all at once":      {"http://id.example.test", []Option{Staleness(time.Hour), Leeway(time.Hour)}, []error{ErrNoAudience, ErrOption}},
		"plain http":       {"http://id.example.test", []Option{Audience("a"), creds}, []error{ErrOption}},
		"like loopback":    {"http://localhost.example.test", []Option{Audience("a"), creds}, []error{ErrOption}},
		"no host":          {"https://", []Option{Audience("a"), creds}, []error{ErrOption}},
		"query":            {"https://id.example.test?x", []Option{Audience("a"), creds}, []error{ErrOption}},
		"fragment":         {"https://id.example.test#", []Option{Audience("a"), creds}, []error{ErrOption}},
		"user":             {"https://a@id.example.test", []Option{Audience("a"), creds}, []error{ErrOption}},
		"no credentials":   {"https://id.example.test", []Option{Audience("a")}, []error{ErrNoFeed}},
		"half credentials": {"https://id.example.test", []Option{Audience("a"), Credentials("id", "")}, []error{ErrOption}},
		"too eager":        {"https://id.example.test", []Option{Audience("a"), creds, Staleness(time.Second)}, []error{ErrOption}},
		"none":             {"https://id.example.test", []Option{Audience("a"), creds, Algorithms("none")}, []error{ErrOption}},
		"HMAC":             {"https://id.example.test", []Option{Audience("a"), creds, Algorithms("HS256")}, []error{ErrOption}},
		"no algorithm":     {"https://id.example.test", []Option{Audience("a"), creds, Algorithms()}, []error{ErrOption}},
		"rate":             {"https://id.example.test", []Option{Audience("a"), creds, Introspect(-1)}, []error{ErrOption}},
		"two ways":         {"https://id.example.test", []Option{Audience("a"), creds, FromGateway(), InsecureTrustHeaders(anywhere)}, []error{ErrOption}},
		"nobody to trust":  {"https://id.example.test", []Option{Audience("a"), creds, InsecureTrustHeaders()}, []error{ErrOption}},
		"no clock, no log": {"https://id.example.test", []Option{Audience("a"), creds, Now(nil), Logger(nil)}, []error{ErrOption}},
	}
	for name, test := range tests {
		_, err := New(t.Context(), test.issuer, test.opts...)
		for _, want := range test.want {
			if !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", name, err, want)
			}
		}
	}
}
