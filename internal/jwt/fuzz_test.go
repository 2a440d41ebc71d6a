package jwt

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/mortise-auth/mortise/internal/jose"
)

// FuzzAccess: claims that are taken mean the same to encoding/json, and are the same
// after they were written and read again. JW-62 JW-2
func FuzzAccess(f *testing.F) {
	f.Add(string(full().Append(nil)))
	f.Add(`{` + base + `}`)
	f.Add(`{` + base + `,"x":{"a":[1,"\u00e9"]},"nbf":1.5e3}`)
	f.Fuzz(func(t *testing.T, payload string) {
		a, err := readAccess(payload)
		if err != nil {
			return
		}
		var theirs struct {
			Iss string `json:"iss"`
			Sub string `json:"sub"`
			Sid string `json:"sid"`
		}
		if err := json.Unmarshal([]byte(payload), &theirs); err == nil && (theirs.Iss != a.Issuer || theirs.Sub != a.Subject || theirs.Sid != a.Session) {
			// encoding/json takes SUB for sub, and the last of both.
			var exact map[string]any
			if json.Unmarshal([]byte(payload), &exact) != nil || exact["iss"] != a.Issuer || exact["sub"] != a.Subject {
				t.Fatalf("%s: %+v, not %+v", payload, a, theirs)
			}
		}
		again, err := readAccess(string(a.Append(nil)))
		if err != nil {
			t.Fatalf("%s: %v", a.Append(nil), err)
		}
		if diff := cmp.Diff(a, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever is in the claims, what we write is JSON and is read back as it was, but
// for what was no UTF-8.
func TestAppendIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		some := rapid.StringN(1, 40, -1)
		a := &Access{
			Issuer: some.Draw(t, "iss"), Subject: some.Draw(t, "sub"), ClientID: some.Draw(t, "client"), ID: some.Draw(t, "jti"),
			Audience: rapid.SliceOfN(some, 1, 3).Draw(t, "aud"), Expiry: rapid.Int64Range(1, 1e10).Draw(t, "exp"), IssuedAt: rapid.Int64Range(1, 1e10).Draw(t, "iat"),
			Session: text.Draw(t, "sid"), Roles: rapid.SliceOf(text).Draw(t, "roles"), Org: []Org{{text.Draw(t, "org"), text.Draw(t, "slug"), nil}},
			UserVersion: rapid.Int64Range(0, 1<<53-1).Draw(t, "uv"), Actor: &Actor{Subject: some.Draw(t, "act")},
		}
		b := a.Append(nil)
		if !json.Valid(b) {
			t.Fatalf("no JSON: %s", b)
		}
		again, err := readAccess(string(b))
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if diff := cmp.Diff(a, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
	if got := string(AppendString(nil, "\xff\x00é")); got != "\"\ufffd\\u0000é\"" {
		t.Errorf("%q", got)
	}
}

// BenchmarkAccess is verification with claims, and minting.
func BenchmarkAccess(b *testing.B) {
	a := full()
	a.Org, a.Actor, a.X5T, a.JKT, a.Grant = nil, nil, "", "", "gid_1"
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256, jose.RS256} {
		key, keys := newKey(b, alg)
		text, expect := mint(b, key, TypeAccess, string(a.Append(nil))), want()
		b.Run("verify/"+string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := VerifyAccess(text, keys, expect); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("mint/"+string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.Sign(TypeAccess, a.Append(make([]byte, 0, 1024))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		payload := string(a.Append(nil))
		for b.Loop() {
			if _, err := readAccess(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func readAccess(payload string) (*Access, error) {
	a := new(Access)
	if err := a.parse(payload); err != nil {
		return nil, err
	}
	return a, nil
}
