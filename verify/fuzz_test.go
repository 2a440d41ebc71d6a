package verify

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/jwt"
)

func FuzzCredential(f *testing.F) {
	for _, s := range []string{"", "Bearer", "Bearer a.b.c", "bearer  x==", "Basic YTpi", "Bearer a, Bearer b", "Bearer \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		token, _, err := credential(http.Header{"Authorization": {value}})
		if err != nil {
			if token != "" {
				t.Errorf("a token beside a refusal: %q", token)
			}
			return
		}
		if token == "" || len(token) > maxCredential || strings.ContainsAny(token, " ,\t") || !strings.HasSuffix(strings.TrimRight(value, " "), token) {
			t.Errorf("%q read as %q", value, token)
		}
	})
}

// What comes out of a feed's answer is bounded, and a broken document is an error.
func FuzzBatches(f *testing.F) {
	for _, s := range []string{`{"batches":["a.b.c","d.e.f"]}`, `{"batches":[]}`, `{"batches":["a"`, `{"batches":["a" "b"]}`, `["a"]`, `{"batches":["a",]}`, ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var all []string
		err := batches(strings.NewReader(s), func(text string) error {
			all = append(all, text)
			return nil
		})
		if err != nil {
			return
		}
		compactly := `{"batches":["` + strings.Join(all, `","`) + `"]}`
		if strip := strings.NewReplacer(" ", "", "\n", "", "\t", "", "\r", ""); !strings.HasPrefix(strip.Replace(s), strip.Replace(compactly)) && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r > 127 || r < 32 }) {
			t.Errorf("%q read as %q", s, all)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://id.example.test","jwks_uri":"https://id.example.test/jwks"}`))
	f.Add([]byte(`{"issuer":"https://id.example.test","jwks_uri":"http://[::1]/jwks"}`))
	f.Add([]byte(`[]`))
	base, err := issuerURL(testIssuer)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parseMetadata(body, testIssuer)
		if err != nil || checkEndpoints(e, base) != nil {
			return
		}
		for _, address := range []string{e.JWKS, e.Introspection, e.Revocations, e.RevocationKeys} {
			if u, err := url.Parse(address); address != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
				t.Errorf("%q would be asked", address)
			}
		}
	})
}

func FuzzIntrospectionAnswer(f *testing.F) {
	f.Add([]byte(`{"active":false}`))
	f.Add([]byte(`{"active":true,"aud":"https://api.example.test","sub":"usr_1","exp":4102444800,"act":{"sub":"a","act":{"sub":"b"}}}`))
	f.Add([]byte(`{"active":true,"aud":["x"],"cnf":{"jkt":"x"},"token_type":"DPoP","org":[{"id":"o"}]}`))
	v, err := build(testIssuer, []Option{Audience(testAudience), InsecureWithoutRevocation()})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(v.background.stop)
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAnswer(body)
		if err != nil {
			return
		}
		who, err := v.introspected(a)
		if err != nil {
			return
		}
		if !a.Active || who.Subject == "" || !contains(who.Audience(), testAudience) || who.Issuer != testIssuer {
			t.Errorf("%s passed as %+v", body, who)
		}
	})
}

func contains(list []string, s string) bool {
	return strings.Contains("\x00"+strings.Join(list, "\x00")+"\x00", "\x00"+s+"\x00")
}

func FuzzIdentityHeader(f *testing.F) {
	f.Add([]byte(`{"iss":"https://id.example.test","aud":"https://api.example.test","sub":"usr_1","iat":1800000000,"exp":1800000060}`))
	f.Add([]byte(`{"aud":[1]}`))
	now := time.Unix(1_800_000_030, 0)
	v, err := build(testIssuer, []Option{Audience(testAudience), InsecureWithoutRevocation(), Now(func() time.Time { return now })})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(v.background.stop)
	f.Fuzz(func(t *testing.T, payload []byte) {
		told, err := parseTold(payload)
		if err != nil {
			return
		}
		a := told.access()
		if v.current(a) != nil {
			return
		}
		if age := now.Unix() - a.IssuedAt; age > 60 || a.Subject == "" || a.Issuer != testIssuer || a.Expiry <= now.Unix() {
			t.Errorf("%s passed", payload)
		}
	})
}

func FuzzTrustedHeaders(f *testing.F) {
	f.Add("10.0.0.1:80", "kim", "a,b")
	f.Add("[::1]:80", "", ",")
	f.Fuzz(func(t *testing.T, peer, user, groups string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"Remote-User": {user}, "Remote-Groups": {groups}}}
		who, err := fromHeaders(r, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
		if err != nil {
			return
		}
		if !strings.Contains(peer, "10.") || who.Subject != user || user == "" {
			t.Errorf("%q became %+v", peer, who)
		}
	})
}

// Whatever a refusal is made of, its challenge is one line of quoted strings.
func FuzzChallenge(f *testing.F) {
	f.Add("posts:read", 1, int64(30))
	f.Add("a\"b\\\r\nX: y", 3, int64(-1))
	f.Fuzz(func(t *testing.T, scope string, level int, age int64) {
		who := identityOf(&jwt.Access{Subject: "a", ClientID: "b"})
		for _, rule := range []Rule{Scope(scope), Assurance(level), FreshWithin(time.Duration(age))} {
			err := holds(who, time.Now(), []Rule{rule})
			if err == nil {
				continue
			}
			if c := err.Challenge(); strings.ContainsAny(c, "\r\n\\") || strings.Count(c, `"`)%2 != 0 {
				t.Errorf("challenge %q", c)
			}
		}
	})
}
