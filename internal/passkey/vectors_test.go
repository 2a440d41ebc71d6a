package passkey

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// vector is one of WebAuthn Level 3, section 16, in hexadecimal.
type vector struct {
	Name         string `json:"name"`
	ID           string `json:"id"`
	CreateClient string `json:"create_client"`
	Attestation  string `json:"attestation"`
	GetClient    string `json:"get_client"`
	Data         string `json:"data"`
	Signature    string `json:"signature"`
}

func (v vector) creation(t *testing.T) []byte {
	return v.answer(t, map[string]string{"clientDataJSON": v.CreateClient, "attestationObject": v.Attestation})
}

func (v vector) assertion(t *testing.T) []byte {
	return v.answer(t, map[string]string{"clientDataJSON": v.GetClient, "authenticatorData": v.Data, "signature": v.Signature})
}

func (v vector) answer(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	for name, part := range parts {
		parts[name] = based(t, part)
	}
	out, err := json.Marshal(map[string]any{"id": based(t, v.ID), "rawId": based(t, v.ID), "type": "public-key", "response": parts})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func based(t *testing.T, hexadecimal string) string {
	t.Helper()
	raw, err := hex.DecodeString(hexadecimal)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// refusedCreations are the vectors that are not taken, and why; the others are.
var refusedCreations = map[string]string{
	"NoneES256CrossOrigin": "framed by another site", "NoneES256TopOrigin": "framed by another site",
	"PackedES384": "an algorithm that was not offered", "PackedES512": "an algorithm that was not offered",
	"AndroidKeyES256": "a key that was not made in hardware", "AppleAnonymousES256": "a root that is not Apple's",
	"TPMES256": "a maker of TPMs that there is not",
}

// PW-61 PW-62 PW-64 PW-65 PW-68 PW-70: the test vectors of the specification, from the
// making of a key to its use.
func TestSpecificationVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(raw, &all); err != nil || len(all) < 14 {
		t.Fatal(len(all), err)
	}
	site := Site{ID: "example.org", Origins: []string{"https://example.org"}}
	for _, v := range all {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			made, err := readCreation(v.creation(t))
			if err != nil {
				t.Fatal(err)
			}
			k, err := made.verify(site, Policy{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), true)
			if why := refusedCreations[v.Name]; why != "" {
				if err == nil {
					t.Errorf("taken: %s", why)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			used, err := readAssertion(v.assertion(t))
			if err != nil {
				t.Fatal(err)
			}
			data, _ := hex.DecodeString(v.Data)
			err = used.verify(site, k, k.lasting().key)
			// Where nobody was verified, nobody is signed in (PW-63).
			if verified := data[32]&4 != 0; (err == nil) != verified {
				t.Errorf("verified %v: %v", verified, err)
			}
		})
	}
}
