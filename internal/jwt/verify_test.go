package jwt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
)

// Every kind presented where every other is expected fails. JW-23 JW-24 JW-60
func TestKindsExcludeEachOther(t *testing.T) {
	key, keys := newKey(t, jose.EdDSA)
	kinds := []string{
		TypeAccess, TypeFeed, TypeIdentity, TypeLogout, TypeDPoP, TypeEvent, TypeRequest, TypeIntrospection, TypeClient, TypeIDToken,
	}
	for _, presented := range kinds {
		text := mint(t, key, presented, string(full().Append(nil)))
		for _, expected := range kinds {
			_, _, err := jose.Verify(text, expected, keys)
			if expected == presented && err != nil || expected != presented && err != jose.ErrType {
				t.Errorf("%s where %s is expected: %v", presented, expected, err)
			}
		}
		if _, err := VerifyAccess(text, keys, want()); (err == nil) != (presented == TypeAccess) {
			t.Errorf("%s as an access token: %v", presented, err)
		}
	}
}

// Each time at its edges, to the nanosecond, with the leeway of one place. JW-20 JW-61
func TestTimes(t *testing.T) {
	key, keys := newKey(t, jose.EdDSA)
	at := func(change func(*Access)) string {
		a := full()
		a.Expiry, a.IssuedAt, a.NotBefore = 2000, 1000, 1000
		change(a)
		return mint(t, key, TypeAccess, string(a.Append(nil)))
	}
	plain := at(func(*Access) {})
	second, nano := time.Second, time.Nanosecond
	for name, c := range map[string]struct {
		text   string
		now    time.Time
		leeway time.Duration
		want   error
	}{
		"last moment":            {plain, time.Unix(2010, -1), 0, nil},
		"expired":                {plain, time.Unix(2010, 0), 0, ErrExpired},
		"long expired":           {plain, time.Unix(1e9, 0), 0, ErrExpired},
		"last moment, 60 s":      {plain, time.Unix(2060, -1), 60 * second, nil},
		"expired, 60 s":          {plain, time.Unix(2060, 0), 60 * second, ErrExpired},
		"expired, 1 ns":          {plain, time.Unix(2000, 1), nano, ErrExpired},
		"first moment":           {plain, time.Unix(990, 0), 0, nil},
		"not yet":                {plain, time.Unix(990, -1), 0, ErrNotYet},
		"not yet, 60 s":          {plain, time.Unix(940, -1), 60 * second, ErrNotYet},
		"no nbf, first moment":   {at(func(a *Access) { a.NotBefore = 0 }), time.Unix(990, 0), 0, nil},
		"no nbf, issued later":   {at(func(a *Access) { a.NotBefore = 0 }), time.Unix(990, -1), 0, ErrIssuedAt},
		"issued later":           {at(func(a *Access) { a.IssuedAt = 1011 }), time.Unix(1000, 0), 0, ErrIssuedAt},
		"nbf later":              {at(func(a *Access) { a.NotBefore = 1011 }), time.Unix(1000, 0), 0, ErrNotYet},
		"exp at the end of time": {at(func(a *Access) { a.Expiry = 253402300799 }), time.Unix(2e9, 0), 0, nil},
		"exp beyond":             {at(func(a *Access) { a.Expiry = 253402300800 }), time.Unix(2e9, 0), 0, ErrClaims},
		"exp negative":           {at(func(a *Access) { a.Expiry = -1 }), time.Unix(1000, 0), 0, ErrClaims},
		"too much leeway":        {plain, time.Unix(1500, 0), 60*second + nano, ErrExpecting},
		"negative leeway":        {plain, time.Unix(1500, 0), -nano, ErrExpecting},
		"no time":                {plain, time.Time{}, 0, ErrExpecting},
	} {
		e := want()
		e.Now, e.Leeway = c.now, c.leeway
		if a, err := VerifyAccess(c.text, keys, e); err != c.want || (a == nil) != (err != nil) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
}

// Issuer byte for byte, audience required and ours. JW-21 JW-22
func TestIssuerAudience(t *testing.T) {
	key, keys := newKey(t, jose.EdDSA)
	for name, c := range map[string]struct {
		change func(*Access)
		expect func(*Expect)
		want   error
	}{
		"issuer with a slash":    {func(a *Access) { a.Issuer += "/" }, nil, ErrIssuer},
		"issuer in capitals":     {func(a *Access) { a.Issuer = "https://ID.example" }, nil, ErrIssuer},
		"no issuer":              {func(a *Access) { a.Issuer = "" }, nil, ErrClaims},
		"audience alone":         {func(a *Access) { a.Audience = []string{"https://api.example"} }, nil, nil},
		"another audience":       {func(a *Access) { a.Audience = []string{"https://api.example.evil"} }, nil, ErrAudience},
		"part of an audience":    {func(a *Access) { a.Audience = []string{"https://api"} }, nil, ErrAudience},
		"no audience":            {func(a *Access) { a.Audience = nil }, nil, ErrClaims},
		"second name of ours":    {nil, func(e *Expect) { e.Audience, e.Audiences = "", []string{"x", "b"} }, nil},
		"empty audience of ours": {func(a *Access) { a.Audience = []string{"", "c"} }, func(e *Expect) { e.Audiences = []string{""} }, ErrClaims},
		"expecting no audience":  {nil, func(e *Expect) { e.Audience = "" }, ErrExpecting},
		"expecting no issuer":    {nil, func(e *Expect) { e.Issuer = "" }, ErrExpecting},
	} {
		a, e := full(), want()
		if c.change != nil {
			c.change(a)
		}
		if c.expect != nil {
			c.expect(&e)
		}
		if got, err := VerifyAccess(mint(t, key, TypeAccess, string(a.Append(nil))), keys, e); err != c.want || (got == nil) != (err != nil) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
}

// A forged token is forged, whatever else is wrong with it, and tells nothing.
// JW-28
func TestBadSignatureIsSaidFirst(t *testing.T) {
	key, keys := newKey(t, jose.EdDSA)
	a := full()
	a.Expiry, a.Issuer, a.Audience = 1, "https://evil.example", []string{"x"}
	text := mint(t, key, TypeAccess, string(a.Append(nil)))
	forged := text[:len(text)-10] + strings.Repeat("A", 10)
	got, err := VerifyAccess(forged, keys, want())
	if got != nil || !errors.Is(err, jose.ErrSignature) || errors.Is(err, ErrExpired) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := VerifyAccess(text, keys, want()); err != ErrIssuer {
		t.Errorf("signed: %v", err)
	}
}

// base are the claims that are required.
const base = `"iss":"https://id.example","sub":"s","client_id":"c","aud":"https://api.example","jti":"j","exp":2000000000,"iat":1`

// Claims are an object of the right types, each once. JW-2 JW-20 JW-25
func TestClaims(t *testing.T) {
	key, keys := newKey(t, jose.EdDSA)
	for payload, ok := range map[string]bool{
		`{` + base + `}`:      true,
		" {\n" + base + " } ": true,
		`{` + base + `,"nbf":1.5,"auth_time":1e3,"unknown":{"deep":[{"x":null}]},"email":7}`:         true,
		`{` + base + `,"https:\/\/app.example\/x":1}`:                                                true,
		`{` + base + `,"uv":0,"cv":9007199254740991,"roles":[],"org":[{"id":"o","x":1}]}`:            true,
		`{` + base + `,"cnf":{"jkt":"t"},"act":{"sub":"a","iss":"x","act":{"sub":"b"}}}`:             true,
		`{` + strings.Replace(base, `2000000000`, `2000000000.25`, 1) + `}`:                          true,
		`{` + strings.Replace(base, `"https://api.example"`, `["x","https://api.example"]`, 1) + `}`: true,

		``: false, `null`: false, `[]`: false, `"x"`: false, `{}`: false,
		`{` + base: false, `{` + base + `}}`: false, `{` + base + `}{}`: false, "\ufeff{" + base + `}`: false, `{` + base + `,}`: false,
		"{" + base + ",\"x\":\"\xff\"}":                                                false,
		`{` + base + `,"iss":"https://id.example"}`:                                    false,
		`{` + base + `,"\u0069ss":"https://id.example"}`:                               false,
		`{` + base + `,"x":1,"x":1}`:                                                   false,
		`{` + base + `,"x":{"y":1,"y":2}}`:                                             false,
		`{` + base + `,"x":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`: false,
		`{` + base + `,"sid":null}`:                                                    false, `{` + base + `,"sid":1}`: false, `{` + base + `,"gid":["g"]}`: false, `{` + base + `,"scope":["a"]}`: false,
		`{` + base + `,"nbf":"1"}`: false, `{` + base + `,"nbf":-1}`: false, `{` + base + `,"nbf":NaN}`: false, `{` + base + `,"nbf":1e99}`: false, `{` + base + `,"nbf":null}`: false,
		`{` + base + `,"uv":-1}`: false, `{` + base + `,"uv":1.5}`: false, `{` + base + `,"uv":"1"}`: false, `{` + base + `,"cv":9007199254740992}`: false,
		`{` + base + `,"roles":"admin"}`: false, `{` + base + `,"roles":[1]}`: false, `{` + base + `,"amr":{}}`: false, `{` + base + `,"org":"o"}`: false, `{` + base + `,"org":["o"]}`: false,
		`{` + base + `,"cnf":{}}`: false, `{` + base + `,"cnf":null}`: false, `{` + base + `,"cnf":{"jwk":{}}}`: false, `{` + base + `,"cnf":{"jkt":""}}`: false, `{` + base + `,"cnf":{"jkt":"t","kid":"k"}}`: false,
		`{` + base + `,"act":{}}`: false, `{` + base + `,"act":"a"}`: false, `{` + base + `,"act":{"sub":""}}`: false, `{` + base + `,"act":{"sub":"a","act":{}}}`: false,
		`{` + base + `,"act":` + strings.Repeat(`{"sub":"a","act":`, 4) + `{"sub":"a"}}}}}}`:       false,
		`{` + strings.Replace(base, `"exp":2000000000`, `"exp":"2000000000"`, 1) + `}`:             false,
		`{` + strings.Replace(base, `"exp":2000000000`, `"exp":null`, 1) + `}`:                     false,
		`{` + strings.Replace(base, `"exp":2000000000`, `"Exp":2000000000`, 1) + `}`:               false,
		`{` + strings.Replace(base, `"https://api.example"`, `[]`, 1) + `}`:                        false,
		`{` + strings.Replace(base, `"https://api.example"`, `null`, 1) + `}`:                      false,
		`{` + strings.Replace(base, `"https://api.example"`, `{"https://api.example":1}`, 1) + `}`: false,
	} {
		a, err := VerifyAccess(mint(t, key, TypeAccess, payload), keys, want())
		if ok != (err == nil) || !ok && (err != ErrClaims || a != nil) {
			t.Errorf("%s: %v", payload, err)
		}
	}
	for _, name := range []string{"iss", "sub", "client_id", "aud", "jti", "exp", "iat"} {
		payload := `{` + strings.Replace(base, `"`+name+`":`, `"x`+name+`":`, 1) + `}`
		if _, err := VerifyAccess(mint(t, key, TypeAccess, payload), keys, want()); err != ErrClaims {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
