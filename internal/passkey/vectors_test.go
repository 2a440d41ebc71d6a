package passkey

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
)

// specification is section 16, Test Vectors, of WebAuthn Level 3: 16.1 to 16.16, every
// vector, byte by byte, but for private keys and what lies between. testdata/vectors.json names the source.
// Left out is 16.17.2 (test-vectors-extensions-prf-ctap), which is between browsers and
// authenticators; what 16.17.1 has of prf is in TestExtensions.
type specification struct {
	Root    string // attestation_ca_cert
	Vectors []vector
}

// specified is the SHA-256 of testdata/vectors.json: no signature covers all of a vector,
// and statements that are refused are not looked at to their end.
const specified = "e2b17cf9822783d99eb471d310ed9330bbc40f153a5840c68546581df76c325f"

// vector is a key's making and its use, in hexadecimal.
type vector struct {
	Section         string `json:"section"` // sctn-test-vectors-…
	ID              string `json:"id"`
	Model           string `json:"model"`
	CreateChallenge string `json:"create_challenge"`
	CreateClient    string `json:"create_client"`
	Attestation     string `json:"attestation"`
	GetChallenge    string `json:"get_challenge"`
	GetClient       string `json:"get_client"`
	Data            string `json:"data"`
	Signature       string `json:"signature"`
}

func specificationOf(t testing.TB) (s specification) {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != specified {
		t.Errorf("not the vectors of the specification: %x", sum)
	}
	if err := json.Unmarshal(raw, &s); err != nil || len(s.Vectors) != 15 {
		t.Fatal(len(s.Vectors), err)
	}
	return s
}

func (s specification) root(t *testing.T) *x509.CertPool {
	t.Helper()
	cert, err := x509.ParseCertificate(unhex(t, s.Root))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
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
	return base64.RawURLEncoding.EncodeToString(unhex(t, hexadecimal))
}

// refusal is why a vector is not taken: in our words, and in those of the library.
type refusal struct{ why, said string }

var (
	framed     = refusal{"framed by another site (PW-61)", ""}
	notOffered = refusal{"an algorithm that was not offered (PW-65)", "Credential public key algorithm not supported"}
)

// refusedVectors are the vectors whose keys are not registered; the others are.
var refusedVectors = map[string]refusal{
	"none-es256-crossOrigin": framed, "none-es256-topOrigin": framed,
	"packed-es384": notOffered, "packed-es512": notOffered, "packed-ed448": notOffered,
	"android-key-es256": {"a root that is not Google's (PW-70)", "Error validating x5c cert chain"},
	"apple-es256":       {"a root that is not Apple's (PW-70)", "Error validating x5c cert chain"},
	"tpm-es256":         {"a maker of TPMs that there is not (PW-70)", "Invalid TPM manufacturer"},
}

var vectorSite = Site{ID: "example.org", Origins: []string{"https://example.org"}}

// PW-60 PW-61 PW-62 PW-63 PW-64 PW-65 PW-66 PW-68 PW-70: the test vectors of WebAuthn
// Level 3, section 16 (sctn-test-vectors), from the making of a key to its use.
func TestSpecificationVectors(t *testing.T) {
	t.Parallel()
	all := specificationOf(t)
	root := all.root(t)
	for _, v := range all.Vectors {
		t.Run(v.Section, func(t *testing.T) {
			t.Parallel()
			made, err := readCreation(v.creation(t))
			if err != nil {
				t.Fatal(err)
			}
			v.made(t, made, root)
			v.registered(t, made, root)
			v.used(t, made)
		})
	}
}

// made checks what was read before it is judged.
func (v vector) made(t *testing.T, in creation, root *x509.CertPool) {
	t.Helper()
	object := in.Response.AttestationObject
	auth := object.AuthData.AttData
	if in.challenge() != based(t, v.CreateChallenge) || !bytes.Equal(auth.CredentialID, unhex(t, v.ID)) || !bytes.Equal(auth.AAGUID, unhex(t, v.Model)) {
		t.Errorf("read: %s, %x, %x", in.challenge(), auth.CredentialID, auth.AAGUID)
	}
	if !strings.HasPrefix(v.Section, object.Format+"-") || !object.AuthData.Flags.HasUserPresent() {
		t.Errorf("format %s, flags %b", object.Format, object.AuthData.Flags)
	}
	client := in.Response.CollectedClientData
	if client.CrossOrigin != (refusedVectors[v.Section] == framed) || (client.TopOrigin == "https://example.com") != (v.Section == "none-es256-topOrigin") {
		t.Errorf("framed: %v by %q", client.CrossOrigin, client.TopOrigin)
	}
	if got := attested(&object, []*x509.CertPool{root}, at2026); got != v.vouched() {
		t.Errorf("a chain to the root: %v", got)
	}
}

// vouched reports whether the statement comes with a certificate.
func (v vector) vouched() bool {
	return !strings.HasPrefix(v.Section, "none-") && v.Section != "packed-self-es256"
}

// registered is the registration ceremony.
func (v vector) registered(t *testing.T, in creation, root *x509.CertPool) {
	t.Helper()
	policy := Policy{Roots: root}
	k, err := in.verify(vectorSite, policy, at2026, true)
	if no, refused := refusedVectors[v.Section]; refused {
		if !errors.Is(err, ErrRefused) || said(err) != no.said {
			t.Errorf("%s, but: %v (%s)", no.why, err, said(err))
		}
		if no != framed {
			return
		}
		unframe(&in.Response.CollectedClientData) // for that alone
		k, err = in.verify(vectorSite, policy, at2026, true)
	}
	if err != nil {
		t.Fatal(err, said(err))
	}
	if !slices.Contains(algorithms, k.Algorithm) || k.Attested != v.vouched() || k.Model != AAGUID(unhex(t, v.Model)) || !bytes.Equal(k.Credential, unhex(t, v.ID)) || k.Count != 0 {
		t.Errorf("%+v", k)
	}
	// Where nobody was verified, only a silent upgrade is taken (PW-63).
	_, err = in.verify(vectorSite, policy, at2026, false)
	if verified := in.Response.AttestationObject.AuthData.Flags.HasUserVerified(); (err == nil) != verified {
		t.Errorf("verified %v: %v", verified, err)
	}
}

// used is the authentication ceremony, with the key as it was made whether it was
// registered or not.
func (v vector) used(t *testing.T, made creation) {
	t.Helper()
	in, err := readAssertion(v.assertion(t))
	if err != nil {
		t.Fatal(err)
	}
	auth := made.Response.AttestationObject.AuthData
	key, err := readKey(auth.AttData.CredentialPublicKey)
	if offered := refusedVectors[v.Section] != notOffered; (err == nil) != offered {
		t.Fatal(err)
	}
	data, client := unhex(t, v.Data), sha256.Sum256(unhex(t, v.GetClient))
	if signed := key.signed(append(data, client[:]...), unhex(t, v.Signature)); signed != (err == nil) || in.challenge() != based(t, v.GetChallenge) {
		t.Errorf("signed %v, %s", signed, in.challenge())
	}
	k := Passkey{BackupEligible: auth.Flags.HasBackupEligible()}
	if refusedVectors[v.Section] == framed {
		if err := in.verify(vectorSite, k, key); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", framed.why, err)
		}
		unframe(&in.Response.CollectedClientData)
	}
	// Where nobody was verified, nobody is signed in (PW-63).
	good := err == nil && in.Response.AuthenticatorData.Flags.HasUserVerified()
	if err := in.verify(vectorSite, k, key); (err == nil) != good {
		t.Errorf("good %v: %v", good, err)
	}
}

func unframe(client *protocol.CollectedClientData) { client.CrossOrigin, client.TopOrigin = false, "" }

// said is the library's reason.
func said(err error) string {
	var lib *protocol.Error
	if !errors.As(err, &lib) {
		return ""
	}
	if lib.DevInfo != "" {
		return lib.DevInfo
	}
	return lib.Details
}
