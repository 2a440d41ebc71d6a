package jose

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

type vectors struct {
	TestGroups []struct {
		Comment string
		Public  json.RawMessage
		Private json.RawMessage
		Tests   []struct {
			TcID                 int
			Comment, JWS, Result string
		}
	}
}

func readVectors(t *testing.T, name string) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/wycheproof/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Every JWS vector of Wycheproof, those of RFC 7520 among them: what is invalid is
// refused, and what is valid is taken if its key is of an algorithm of ours; by HMAC
// and the larger hashes nothing is. JW-62 JW-14 JW-15 JW-16 JW-18
func TestWycheproof(t *testing.T) {
	taken := 0
	for _, group := range readVectors(t, "json_web_signature_test.json").TestGroups {
		if group.Public == nil {
			group.Public = group.Private // a symmetric key
		}
		set := parseSet(t, string(group.Public))
		for _, test := range group.Tests {
			_, _, err := Verify(test.JWS, "JWT", set)
			if ok := test.Result == "valid" && isOurs(t, test.JWS); ok != (err == nil) {
				t.Errorf("%d (%s, %s): %v", test.TcID, group.Comment, test.Comment, err)
			}
			if err == nil {
				taken++
			}
		}
	}
	if taken < 10 {
		t.Errorf("only %d vectors were taken", taken)
	}
}

// The vectors of key sets: ROCA, 1024 bits, exponent 1, points off the curve, wrong
// use, alg, curve and kty, symmetric keys. JW-18 JW-46 JW-12 JW-16
func TestWycheproofKeys(t *testing.T) {
	for _, group := range readVectors(t, "json_web_key_test.json").TestGroups {
		document := group.Public
		if document == nil {
			document = group.Private
		}
		set, err := ParseKeySet(document)
		if err != nil {
			t.Errorf("%s: %v", group.Comment, err)
			continue
		}
		for _, test := range group.Tests {
			_, _, err := Verify(test.JWS, "JWT", set)
			if ok := test.Result == "valid" && isOurs(t, test.JWS); ok != (err == nil) {
				t.Errorf("%d (%s, %s): %v; ignored %v", test.TcID, group.Comment, test.Comment, err, set.Ignored())
			}
		}
	}
}

// isOurs reports whether a valid vector's header names an algorithm of ours. Among
// those of HS256 the file calls one valid that has a question mark in its header.
func isOurs(t *testing.T, text string) bool {
	t.Helper()
	header, _, _ := strings.Cut(text, ".")
	b, ok := decode(nil, strings.ReplaceAll(header, "?", ""))
	var h struct{ Alg string }
	if !ok {
		t.Fatalf("a valid vector with the header %q", header)
	}
	_ = json.Unmarshal(b, &h)
	_, ok = algorithm(h.Alg)
	return ok
}
