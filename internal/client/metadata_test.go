package client

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	// The keys of RFC 8037 A.2 and RFC 7517 A.1, and a private one of RFC 8037 A.1.
	edKey   = `{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	ecKey   = `{"kty":"EC","crv":"P-256","kid":"ec","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig"}`
	foreign = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
)

func jwks(keys ...string) json.RawMessage {
	out := `{"keys":[`
	for i, k := range keys {
		if i > 0 {
			out += ","
		}
		out += k
	}
	return json.RawMessage(out + "]}")
}

func fapi() Client {
	c := web()
	c.Profile, c.Auth, c.JWKS = FAPI2, AuthPrivateKeyJWT, jwks(ecKey)
	return c
}

// OA-5 OA-71: every member is looked at before it is kept.
func TestMetadata(t *testing.T) {
	negative := -1
	for name, tt := range map[string]struct {
		want   error
		change func(*Client)
	}{
		"keys":                    {nil, func(c *Client) { c.Auth, c.JWKS = AuthPrivateKeyJWT, jwks(edKey, ecKey) }},
		"keys elsewhere":          {nil, func(c *Client) { c.Auth, c.JWKSURI = AuthPrivateKeyJWT, "https://app.example.org/jwks" }},
		"keys here and elsewhere": {ErrBadKeys, func(c *Client) { c.JWKS, c.JWKSURI = jwks(edKey), "https://app.example.org/jwks" }},
		"a private key":           {ErrBadKeys, func(c *Client) { c.JWKS = jwks(edKey, foreign) }},
		"a secret key":            {ErrBadKeys, func(c *Client) { c.JWKS = jwks(`{"kty":"oct","k":"AAAA"}`) }},
		"no key to check with":    {ErrBadKeys, func(c *Client) { c.JWKS = jwks() }},
		"no key set":              {ErrBadKeys, func(c *Client) { c.JWKS = json.RawMessage(`[]`) }},
		"keys by http":            {ErrBadAddress, func(c *Client) { c.JWKSURI = "http://app.example.org/jwks" }},
		"a logo by data":          {ErrBadAddress, func(c *Client) { c.LogoURI = "data:image/png,x" }},
		"terms by script":         {ErrBadAddress, func(c *Client) { c.TOSURI = "javascript:alert(1)" }},
		"sector on this machine":  {ErrBadAddress, func(c *Client) { c.SectorIdentifierURI = "http://127.0.0.1/s" }},
		"request with a hash":     {nil, func(c *Client) { c.RequestURIs = []string{"https://app.example.org/r#hash"} }},
		"request by http":         {ErrBadAddress, func(c *Client) { c.RequestURIs = []string{"http://app.example.org/r"} }},
		"page of log-out":         {ErrBadAddress, func(c *Client) { c.FrontchannelLogout = "https://user@app.example.org/" }},
		"a symmetric assertion":   {ErrBadAlgorithm, func(c *Client) { c.AssertionAlg = "HS256" }},
		"an assertion of none":    {ErrBadAlgorithm, func(c *Client) { c.AssertionAlg = "none" }},
		"requests of none":        {nil, func(c *Client) { c.RequestObjectAlg = "none" }},
		"requests of NONE":        {ErrBadAlgorithm, func(c *Client) { c.RequestObjectAlg = "NONE" }},
		"userinfo of none":        {ErrBadAlgorithm, func(c *Client) { c.UserInfoAlg = "none" }},
		"pairwise, one host":      {nil, func(c *Client) { c.SubjectType = PairwiseSubject }},
		"pairwise, two hosts": {ErrBadSector, func(c *Client) {
			c.SubjectType = PairwiseSubject
			c.RedirectURIs = append(c.RedirectURIs, "https://b.example/")
		}},
		"pairwise, two and sector": {nil, func(c *Client) {
			c.SubjectType, c.SectorIdentifierURI = PairwiseSubject, "https://b.example/s"
			c.RedirectURIs = append(c.RedirectURIs, "https://b.example/")
		}},
		"another subject":          {ErrBadSector, func(c *Client) { c.SubjectType = "opaque" }},
		"a contact with a name":    {ErrMetadata, func(c *Client) { c.Contacts = []string{"Ada <ada@example.org>"} }},
		"a contact":                {nil, func(c *Client) { c.Contacts = []string{"ada@example.org"} }},
		"software with a new line": {ErrMetadata, func(c *Client) { c.SoftwareID = "a\nb" }},
		"age below nothing":        {ErrMetadata, func(c *Client) { c.DefaultMaxAge = &negative }},
		"a mode there is not":      {ErrMetadata, func(c *Client) { c.ResponseModes = []string{"web_message"} }},
		"an empty type of details": {ErrMetadata, func(c *Client) { c.DetailTypes = []string{""} }},
		"public without PKCE":      {ErrMetadata, func(c *Client) { c.Auth, c.NoPKCE = AuthNone, true }},
		"many request addresses":   {ErrTooMany, func(c *Client) { c.DefaultACRs = make([]string, 101) }},
		"fapi2":                    {nil, func(c *Client) { *c = fapi() }},
		"fapi2, RS256 assertions":  {ErrBadAlgorithm, func(c *Client) { *c = fapi(); c.AssertionAlg = "RS256" }},
		"fapi2, RS256 ID tokens":   {ErrBadAlgorithm, func(c *Client) { *c = fapi(); c.IDTokenAlg = "RS256" }},
		"fapi2, unsigned requests": {ErrBadAlgorithm, func(c *Client) { *c = fapi(); c.RequestObjectAlg = "none" }},
		"fapi2, hybrid": {ErrProfile, func(c *Client) {
			*c = fapi()
			c.Grants, c.Responses = []string{GrantCode, GrantImplicit}, []string{"code id_token"}
		}},
		"fapi2, without PKCE":      {ErrProfile, func(c *Client) { *c = fapi(); c.NoPKCE = true }},
		"fapi2, an older audience": {ErrProfile, func(c *Client) { *c = fapi(); c.AssertionAudiences = []string{"https://as.example/token"} }},
	} {
		c := web()
		tt.change(&c)
		got, err := c.Clean(Addresses{})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
			continue
		}
		if again, err2 := got.Clean(Addresses{}); err == nil && (err2 != nil || cmp.Diff(got, again) != "") {
			t.Errorf("%s: clean is not clean: %v %s", name, err2, cmp.Diff(got, again))
		}
	}
}

// OA-5: what the profile wants is turned on with it.
func TestProfileTurnsOn(t *testing.T) {
	c, err := fapi().Clean(Addresses{})
	if err != nil || !c.RequirePAR || !c.DPoPBound || c.IDTokenAlg != "PS256" {
		t.Errorf("%v %+v", err, c)
	}
}

type document string

func (d document) JSON(context.Context, string) ([]byte, error) {
	if d == "" {
		return nil, errors.New("nobody there")
	}
	return []byte(d), nil
}

// OA-3: nobody joins a sector that does not know it.
func TestSector(t *testing.T) {
	c := web()
	for doc, ok := range map[document]bool{
		`["https://x.example/","https://app.example.org/callback"]`: true,
		`["https://app.example.org/callback/"]`:                     false,
		`{"https://app.example.org/callback":1}`:                    false,
		`[]`:                                                        false, ``: false,
	} {
		c.SectorIdentifierURI = "https://s.example/list"
		if err := CheckSector(t.Context(), doc, c); ok != (err == nil) || err != nil && !errors.Is(err, ErrBadSector) {
			t.Errorf("%q: %v", doc, err)
		}
	}
	if c.Sector() != "s.example" {
		t.Errorf("sector %q", c.Sector())
	}
}

// RFC 7592: null takes a member away, what is not there is refused.
func TestOver(t *testing.T) {
	m := Metadata{JWKSURI: "https://a.example/k", ClientURI: "https://a.example/", RequirePAR: true}
	got, err := m.Over(map[string]json.RawMessage{"jwks": json.RawMessage(`{"keys":[]}`), "client_uri": json.RawMessage(`null`), "require_pushed_authorization_requests": json.RawMessage(`false`)})
	if want := (Metadata{JWKS: json.RawMessage(`{"keys":[]}`)}); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	for name, value := range map[string]string{"client_secret": `"x"`, "contacts": `"x"`, "default_max_age": `1.5`} {
		if _, err := m.Over(map[string]json.RawMessage{name: json.RawMessage(value)}); !errors.Is(err, ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add([]byte(`{"contacts":["a@b.example"],"jwks":{"keys":[]},"default_max_age":0}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		m, err := ParseMetadata(object)
		if err != nil {
			return
		}
		c := web()
		c.Metadata = m
		clean, err := c.Clean(Addresses{})
		if err != nil {
			return
		}
		back, err := Metadata{}.Over(clean.Metadata.Members())
		if err != nil || cmp.Diff(clean.Metadata, back) != "" {
			t.Errorf("%v %s", err, cmp.Diff(clean.Metadata, back))
		}
	})
}
