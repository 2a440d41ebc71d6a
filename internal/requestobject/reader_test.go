package requestobject

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

const issuer = "https://as.example"

// keys are those of every client.
type keys struct{ set jose.KeySet }

func (k keys) WithKeys(_ context.Context, _ client.Client, check func(jose.KeySet) error) error {
	return check(k.set)
}

// shelf has documents by their address.
type shelf map[string]string

func (s shelf) Request(_ context.Context, address string) ([]byte, error) {
	if text, ok := s[address]; ok {
		return []byte(text), nil
	}
	return nil, errors.New("nobody there")
}

type rig struct {
	*Reader
	key   jose.PrivateKey
	shelf shelf
}

func newRig(t testing.TB) *rig {
	t.Helper()
	key, err := jose.Generate(jose.ES256)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{key: key, shelf: shelf{}}
	r.Reader = New(Options{Issuer: issuer, Keys: keys{jose.NewKeySet(key.Public())}, Documents: r.shelf, Now: func() time.Time { return time.Unix(10_000, 0) }})
	return r
}

func (r *rig) sign(t testing.TB, typ, claims string) string {
	t.Helper()
	text, err := r.key.Sign(typ, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func app() client.Client {
	return client.Client{ID: "app", Profile: client.OAuth21, Metadata: client.Metadata{RequestURIs: []string{"https://app.example.org/r#1"}}}
}

func unsigned(header, payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(payload)) + "."
}

const (
	who  = `"iss":"app","aud":"https://as.example","client_id":"app"`
	full = `{` + who + `,"exp":10060,"nbf":10000,"iat":10000,"jti":"1","response_type":"code","max_age":300,"state":"s",` +
		`"claims":{"id_token":{"acr":null}},"resource":["https://a.example","https://b.example"],"nonce":null,"prompt":""}`
)

// OA-75: what was signed becomes parameters, in the form they have outside.
func TestParameters(t *testing.T) {
	r := newRig(t)
	want := map[string][]string{
		"client_id": {"app"}, "response_type": {"code"}, "max_age": {"300"}, "state": {"s"}, "claims": {`{"id_token":{"acr":null}}`},
		"resource": {"https://a.example", "https://b.example"},
	}
	text := r.sign(t, jwt.TypeRequest, full)
	r.shelf["https://app.example.org/r"] = text + "\n"
	for name, ask := range map[string][2]string{"by value": {text, ""}, "by reference": {"", "https://app.example.org/r#1"}, "another hash": {"", "https://app.example.org/r#2"}} {
		got, err := r.Parameters(t.Context(), app(), ask[0], ask[1])
		if err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("%s: %v %s", name, err, cmp.Diff(want, got))
		}
	}
}

// OA-75 OA-33 JW-11 JW-23 JW-24: everything that could be wrong with a signed one.
func TestSigned(t *testing.T) {
	r, stranger := newRig(t), newRig(t)
	for name, c := range map[string]struct {
		typ, claims string
		ok          bool
	}{
		"as it should be":        {jwt.TypeRequest, `{` + who + `,"exp":10060}`, true},
		"of OpenID Connect":      {"JWT", `{` + who + `}`, true},
		"several audiences":      {"JWT", `{"iss":"app","aud":["https://x.example","https://as.example"]}`, true},
		"nbf 8 s ahead":          {"JWT", `{` + who + `,"nbf":10008}`, true},
		"an assertion":           {jwt.TypeClient, `{` + who + `}`, false},
		"a DPoP proof":           {jwt.TypeDPoP, `{` + who + `}`, false},
		"could be an assertion":  {"JWT", `{` + who + `,"sub":"app"}`, false},
		"no issuer":              {"JWT", `{"aud":"https://as.example"}`, false},
		"another's":              {"JWT", `{"iss":"evil","aud":"https://as.example"}`, false},
		"another client inside":  {"JWT", `{"iss":"app","aud":"https://as.example","client_id":"evil"}`, false},
		"no audience":            {"JWT", `{"iss":"app"}`, false},
		"another audience":       {"JWT", `{"iss":"app","aud":"https://as.example/"}`, false},
		"expired":                {"JWT", `{` + who + `,"exp":9990}`, false},
		"exp far away":           {"JWT", `{` + who + `,"exp":13611}`, false},
		"made long ago, no exp":  {"JWT", `{` + who + `,"iat":6390}`, false},
		"made ahead":             {"JWT", `{` + who + `,"iat":10061}`, false},
		"good later":             {"JWT", `{` + who + `,"nbf":10061}`, false},
		"another object inside":  {"JWT", `{` + who + `,"request":"x"}`, false},
		"another address inside": {"JWT", `{` + who + `,"request_uri":"https://app.example.org/r#1"}`, false},
		"a claim twice":          {"JWT", `{` + who + `,` + who + `}`, false},
		"no object":              {"JWT", `[]`, false},
	} {
		_, err := r.Parameters(t.Context(), app(), r.sign(t, c.typ, c.claims), "")
		if c.ok != (err == nil) || err != nil && !errors.Is(err, ErrObject) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := `{` + who + `,"exp":10060}`
	for name, text := range map[string]string{
		"the wrong key": stranger.sign(t, "JWT", good), "none": unsigned(`{"alg":"none"}`, good), "noNE": unsigned(`{"alg":"noNE"}`, good), "nothing": "x", "five parts": "a.b.c.d.e",
	} {
		if got, err := r.Parameters(t.Context(), app(), text, ""); !errors.Is(err, ErrObject) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// OA-75: only the algorithm that is registered, none like any other.
func TestAlgorithms(t *testing.T) {
	r, c := newRig(t), app()
	good := `{` + who + `}`
	c.RequestObjectAlg = "PS256"
	if _, err := r.Parameters(t.Context(), c, r.sign(t, "JWT", good), ""); !errors.Is(err, ErrObject) {
		t.Errorf("ES256 for PS256: %v", err)
	}
	c.RequestObjectAlg = "none"
	if _, err := r.Parameters(t.Context(), c, r.sign(t, "JWT", good), ""); !errors.Is(err, ErrObject) {
		t.Errorf("ES256 for none: %v", err)
	}
	for text, ok := range map[string]bool{
		unsigned(`{"alg":"none"}`, good):                                true,
		unsigned(`{"alg":"none","typ":"oauth-authz-req+jwt"}`, `{}`):    true,
		unsigned(`{"alg":"None"}`, good):                                false,
		unsigned(`{}`, good):                                            false,
		unsigned(`{"alg":"none","crit":["x"]}`, good):                   false,
		unsigned(`{"alg":"none","typ":"at+jwt"}`, good):                 false,
		unsigned(`{"alg":"none"}`, `{"iss":"evil"}`):                    false,
		unsigned(`{"alg":"none"}`, `{"aud":"https://evil.example"}`):    false,
		unsigned(`{"alg":"none"}`, `{"sub":"app"}`):                     false,
		unsigned(`{"alg":"none"}`, good) + "x":                          false,
		unsigned(`{"alg":"none"}`, good) + ".":                          false,
		strings.Replace(unsigned(`{"alg":"none"}`, good), ".", "=.", 1): false,
	} {
		if _, err := r.Parameters(t.Context(), c, text, ""); ok != (err == nil) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// OA-75: FAPI 2.0 Message Signing wants both edges, an hour apart at the most.
func TestStrictProfile(t *testing.T) {
	r, c := newRig(t), app()
	c.Profile = client.FAPI2
	for claims, ok := range map[string]bool{
		`"exp":10060,"nbf":10000`: true, `"exp":10060,"nbf":6460`: true, `"exp":10060,"nbf":6459`: false, `"exp":10060`: false, `"nbf":10000`: false,
	} {
		if _, err := r.Parameters(t.Context(), c, r.sign(t, "JWT", `{`+who+`,`+claims+`}`), ""); ok != (err == nil) {
			t.Errorf("%s: %v", claims, err)
		}
	}
}

// OA-71 OA-75: only addresses that are registered, each refused by its own code.
func TestAddresses(t *testing.T) {
	r, c := newRig(t), app()
	for uri, want := range map[string]error{
		"https://app.example.org/r#1": ErrURI, "https://app.example.org/r/": ErrURI, "https://evil.example/r": ErrURI, "urn:example:1": ErrURI,
		"https://app.example.org/r#" + strings.Repeat("x", 512): ErrURI,
	} {
		if _, err := r.Parameters(t.Context(), c, "", uri); !errors.Is(err, want) {
			t.Errorf("%.40s: %v", uri, err)
		}
	}
	c.RequestURIs = nil
	if _, err := r.Parameters(t.Context(), c, "", "https://app.example.org/r#1"); !errors.Is(err, ErrURIUnsupported) {
		t.Errorf("a client without addresses: %v", err)
	}
	for _, ask := range [][2]string{{"", ""}, {"x", "https://app.example.org/r#1"}} {
		if _, err := r.Parameters(t.Context(), app(), ask[0], ask[1]); !errors.Is(err, ErrObject) {
			t.Errorf("%q: %v", ask, err)
		}
	}
}

// FuzzRequestObject: whatever a client signs, what is taken is a request of that
// client, of parameters with values, and no more than that. OA-75 JW-62
func FuzzRequestObject(f *testing.F) {
	r := newRig(f)
	f.Add(full)
	f.Add(`{` + who + `,"exp":1e4,"resource":[""],"x":[1,{"a":"b"}],"y":true}`)
	f.Add(`{"iss":"app","aud":[],"sub":"app"}`)
	f.Fuzz(func(t *testing.T, payload string) {
		text, err := r.key.Sign(jwt.TypeRequest, []byte(payload))
		if err != nil {
			return
		}
		got, err := r.Parameters(t.Context(), app(), text, "")
		if err != nil {
			if got != nil || !errors.Is(err, ErrObject) {
				t.Fatalf("%q: %v %v", payload, got, err)
			}
			return
		}
		for name, values := range got {
			if name == "iss" || name == "aud" || name == "request" || name == "request_uri" || len(values) == 0 || slices.Contains(values, "") {
				t.Fatalf("%q: %q is %q", payload, name, values)
			}
		}
		if got["client_id"][0] != "app" {
			t.Fatalf("%q is from %q", payload, got["client_id"])
		}
	})
}
