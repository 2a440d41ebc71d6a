package passkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

var at2026 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// service is somebody who publishes metadata.
type service struct {
	*testing.T
	root  []byte // PEM
	chain []string
	sign  func(input string) (alg string, signature []byte)
}

func newService(t *testing.T, key crypto.Signer) *service {
	t.Helper()
	make := func(name string, parent *x509.Certificate, public any, signer any, ca bool) *x509.Certificate {
		tmpl := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: at2026.AddDate(-1, 0, 0), NotAfter: at2026.AddDate(1, 0, 0),
			IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		if parent == nil {
			parent = tmpl
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, public, signer)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := make("root", nil, rootKey.Public(), rootKey, true)
	leaf := make("leaf", root, key.Public(), rootKey, false)
	s := &service{T: t, root: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})}
	s.chain = []string{base64.StdEncoding.EncodeToString(leaf.Raw), base64.StdEncoding.EncodeToString(root.Raw)}
	s.sign = func(input string) (string, []byte) {
		sum := sha256.Sum256([]byte(input))
		if k, ok := key.(*rsa.PrivateKey); ok {
			sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			return "RS256", sig
		}
		a, b, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), sum[:])
		if err != nil {
			t.Fatal(err)
		}
		sig := [64]byte{}
		a.FillBytes(sig[:32])
		b.FillBytes(sig[32:])
		return "ES256", sig[:]
	}
	return s
}

// blob is a signed file about one model.
func (s *service) blob(alg, model, root, status string, change func(head map[string]any)) []byte {
	s.Helper()
	head := map[string]any{"alg": alg, "typ": "JWT", "x5c": s.chain}
	if change != nil {
		change(head)
	}
	payload := map[string]any{"no": 1, "nextUpdate": "2026-02-01", "entries": []any{
		map[string]any{"aaid": "1234#5678"},
		map[string]any{
			"aaguid": model, "metadataStatement": map[string]any{"attestationRootCertificates": []string{root, "bm9uZQ=="}},
			"statusReports": []any{map[string]any{"status": "FIDO_CERTIFIED"}, map[string]any{"status": status}},
		},
	}}
	var parts []string
	for _, v := range []any{head, payload} {
		raw, err := json.Marshal(v)
		if err != nil {
			s.Fatal(err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	input := strings.Join(parts, ".")
	_, sig := s.sign(input)
	return []byte(input + "." + base64.RawURLEncoding.EncodeToString(sig) + "\n")
}

// packed is the vector of a security key whose maker vouches for it.
func packed(t *testing.T) (creation, string) {
	t.Helper()
	for _, v := range specificationOf(t).Vectors {
		if v.Section == "packed-es256" {
			in, err := readCreation(v.creation(t))
			if err != nil {
				t.Fatal(err)
			}
			chain := in.Response.AttestationObject.AttStatement["x5c"].([]any)
			return in, base64.StdEncoding.EncodeToString(chain[0].([]byte))
		}
	}
	t.Fatal("no vector")
	return creation{}, ""
}

// PW-70: with a metadata file, a model must be in it, be vouched for by its own maker,
// and not be broken.
func TestMetadata(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t, key)
	in, maker := packed(t)
	model := AAGUID(in.Response.AttestationObject.AuthData.AttData.AAGUID).String()
	judge := func(model, root, status string) (Passkey, error) {
		t.Helper()
		m, err := ReadMetadata(s.blob("ES256", model, root, status, nil), s.root, at2026)
		if err != nil {
			t.Fatal(err)
		}
		policy := Policy{Models: m}
		if policy.conveyance() != "direct" || m.Len() != 1 || m.NextUpdate.Format(time.DateOnly) != "2026-02-01" {
			t.Errorf("%s, %d, %s", policy.conveyance(), m.Len(), m.NextUpdate)
		}
		k, err := in.verify(Site{ID: "example.org", Origins: []string{"https://example.org"}}, policy, at2026, true)
		if err != nil {
			t.Fatal(err)
		}
		return k, policy.admits(k)
	}
	if k, err := judge(model, maker, "UPDATE_AVAILABLE"); err != nil || !k.Attested {
		t.Errorf("a model that is vouched for: %v, %v", k.Attested, err)
	}
	for name, err := range map[string]error{
		"revoked":       second(judge(model, maker, "REVOKED")),
		"keys known":    second(judge(model, maker, "USER_KEY_REMOTE_COMPROMISE")),
		"another model": second(judge("ee882879-721c-4913-9775-3dfcce97072a", maker, "FIDO_CERTIFIED")),
		"another maker": second(judge(model, s.chain[0], "FIDO_CERTIFIED")),
	} {
		if !errors.Is(err, ErrModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second(_ Passkey, err error) error { return err }

// PW-70: a file that the wrong one signed, or that was changed, is none.
func TestMetadataRefused(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, other := newService(t, rsaKey), newService(t, ecKey)
	const model = "ee882879-721c-4913-9775-3dfcce97072a"
	good := s.blob("RS256", model, s.chain[0], "FIDO_CERTIFIED", nil)
	if _, err := ReadMetadata(good, s.root, at2026); err != nil {
		t.Fatal(err)
	}
	if _, err := signersRoot(nil); err != nil {
		t.Errorf("FIDO's root: %v", err)
	}
	parts := strings.Split(string(good), ".")
	theirs := strings.Split(string(other.blob("ES256", model, "", "REVOKED", nil)), ".")
	for name, bad := range map[string]struct {
		blob, root []byte
		now        time.Time
	}{
		"FIDO did not sign it":   {good, nil, at2026},
		"another root":           {good, other.root, at2026},
		"no root":                {good, []byte("none"), at2026},
		"a signer of the past":   {good, s.root, at2026.AddDate(2, 0, 0)},
		"another payload":        {[]byte(parts[0] + "." + theirs[1] + "." + parts[2]), s.root, at2026},
		"no signature":           {[]byte(parts[0] + "." + parts[1] + "."), s.root, at2026},
		"another algorithm":      {s.blob("ES256", model, "", "", nil), s.root, at2026},
		"none":                   {s.blob("none", model, "", "", nil), s.root, at2026},
		"no chain":               {s.blob("RS256", model, "", "", func(h map[string]any) { delete(h, "x5c") }), s.root, at2026},
		"an unknown extension":   {s.blob("RS256", model, "", "", func(h map[string]any) { h["crit"] = []string{"b64"} }), s.root, at2026},
		"nothing":                {nil, s.root, at2026},
		"no models":              {s.blob("RS256", "none", "", "", nil), s.root, at2026},
		"the list, not the file": {[]byte(`{"entries":[]}`), s.root, at2026},
	} {
		if _, err := ReadMetadata(bad.blob, bad.root, bad.now); !errors.Is(err, ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(`{"alg":"RS256","x5c":["AA"]}`), []byte(`{"nextUpdate":"2026-02-01","entries":[{"aaguid":"ee882879-721c-4913-9775-3dfcce97072a"}]}`))
	f.Fuzz(func(t *testing.T, head, payload []byte) {
		b := base64.RawURLEncoding
		if _, err := ReadMetadata([]byte(b.EncodeToString(head)+"."+b.EncodeToString(payload)+".AA"), nil, at2026); err == nil {
			t.Error("unsigned, and taken")
		}
		_, _ = parsedMetadata(payload)
	})
}
