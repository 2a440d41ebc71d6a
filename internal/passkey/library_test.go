package passkey

import (
	"encoding/json"
	"os"
	"testing"
)

// refusedOfTheLibrary are answers of authenticators that go-webauthn keeps for its own
// tests and that are not taken here, and why; the others are.
var refusedOfTheLibrary = map[string]string{
	"attestation_packed:488": "an algorithm that was not offered", "attestation_tpm:1215": "an algorithm that was not offered",
	"attestation_tpm:1225": "a certificate that has expired", "attestation_safetynet:664": "a certificate that has expired",
	"attestation_androidkey:982": "a root that is not Google's", "attestation_androidkey:994": "a root that is not Google's",
	"attestation_apple:59": "the id of another credential",
}

// PW-65 PW-70: what real authenticators answered, as go-webauthn (BSD-3-Clause) keeps it
// for its own tests, each by where it stands there.
func TestAnswersOfTheLibrary(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/library.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []struct {
		Name, RP, Origin string
		Answer           json.RawMessage
	}
	if err := json.Unmarshal(raw, &all); err != nil || len(all) < 19 {
		t.Fatal(len(all), err)
	}
	for _, one := range all {
		t.Run(one.Name, func(t *testing.T) {
			t.Parallel()
			var kind struct{ Response map[string]any }
			if err := json.Unmarshal(one.Answer, &kind); err != nil {
				t.Fatal(err)
			}
			if kind.Response["attestationObject"] == nil {
				if in, err := readAssertion(one.Answer); err != nil || len(in.credential()) == 0 {
					t.Errorf("not read: %v", err)
				}
				return
			}
			in, err := readCreation(one.Answer)
			if err != nil {
				t.Fatal(err)
			}
			k, err := in.verify(Site{ID: one.RP, Origins: []string{one.Origin}}, Policy{}, at2026, true)
			if why := refusedOfTheLibrary[one.Name]; (err != nil) != (why != "") || err == nil && k.Attestation != in.Response.AttestationObject.Format {
				t.Errorf("%v (%s): %+v", err, why, k)
			}
			for name, elsewhere := range map[string]Site{
				"another domain": {ID: "example.org", Origins: []string{one.Origin}}, "another origin": {ID: one.RP, Origins: []string{"https://example.org"}},
			} {
				if _, err := in.verify(elsewhere, Policy{}, at2026, true); err == nil {
					t.Errorf("taken for %s", name)
				}
			}
		})
	}
}
