package passkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/metadata"
)

// Bounds of a metadata file: FIDO's had 5 MiB in 2026.
const maxMetadata = 64 << 20

// Metadata says which models of authenticators there are, by whose certificates they
// are vouched for, and which of them are broken (FIDO Metadata Service 3).
type Metadata struct {
	NextUpdate time.Time // from then on there is a newer file
	models     map[AAGUID]model
}

type model struct {
	roots  *x509.CertPool
	broken bool
}

// Len is the number of models.
func (m *Metadata) Len() int { return len(m.models) }

// broken are the statuses of models that no longer keep what they promise.
var broken = []string{
	"REVOKED", "ATTESTATION_KEY_COMPROMISE", "USER_VERIFICATION_BYPASS", "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE",
}

// ReadMetadata reads the signed file that FIDO publishes, or one like it. root, in PEM,
// is who must have signed it; empty: FIDO's own. Nothing is fetched, so whether a
// certificate of the signer was revoked is not asked. ErrMetadata.
func ReadMetadata(blob, root []byte, now time.Time) (*Metadata, error) {
	if len(blob) > maxMetadata {
		return nil, ErrMetadata
	}
	trusted, err := signersRoot(root)
	if err != nil {
		return nil, ErrMetadata.Because(err)
	}
	payload, err := opened(string(bytes.TrimSpace(blob)), trusted, now)
	if err != nil {
		return nil, ErrMetadata.Because(err)
	}
	m, err := parsedMetadata(payload)
	if err != nil {
		return nil, ErrMetadata.Because(err)
	}
	return m, nil
}

func signersRoot(root []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if len(root) > 0 {
		if block, _ := pem.Decode(root); block == nil || !pool.AppendCertsFromPEM(root) {
			return nil, fmt.Errorf("no certificate of the signer")
		}
		return pool, nil
	}
	cert, err := certificate(metadata.ProductionMDSRoot)
	if err != nil {
		return nil, err
	}
	pool.AddCert(cert)
	return pool, nil
}

func certificate(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// opened returns what a compact JWS says, if the key of its first certificate, which
// leads to the root, signed it.
func opened(compact string, roots *x509.CertPool, now time.Time) ([]byte, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("no compact JWS")
	}
	var raw [3][]byte
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, err
		}
	}
	var head struct {
		Algorithm string   `json:"alg"`
		Chain     []string `json:"x5c"`
		Critical  any      `json:"crit"`
	}
	if err := json.Unmarshal(raw[0], &head); err != nil {
		return nil, err
	}
	if len(head.Chain) == 0 || head.Critical != nil {
		return nil, fmt.Errorf("no chain of certificates, or an unknown extension")
	}
	signer, err := signer(head.Chain, roots, now)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !signedBy(signer.PublicKey, head.Algorithm, digest[:], raw[2]) {
		return nil, fmt.Errorf("the signature is wrong")
	}
	return raw[1], nil
}

func signer(chain []string, roots *x509.CertPool, now time.Time) (*x509.Certificate, error) {
	leaf, err := certificate(chain[0])
	if err != nil {
		return nil, err
	}
	between := x509.NewCertPool()
	for _, text := range chain[1:] {
		cert, err := certificate(text)
		if err != nil {
			return nil, err
		}
		between.AddCert(cert)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return leaf, err
}

// signedBy knows the two algorithms that the file is signed with.
func signedBy(key crypto.PublicKey, algorithm string, digest, signature []byte) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return algorithm == "RS256" && rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, signature) == nil
	case *ecdsa.PublicKey:
		return algorithm == "ES256" && len(signature) == 64 &&
			ecdsa.Verify(key, digest, new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	}
	return false
}

func parsedMetadata(payload []byte) (*Metadata, error) {
	var in struct {
		Next    string `json:"nextUpdate"`
		Entries []struct {
			Model     string `json:"aaguid"` // absent: of a protocol that is not WebAuthn
			Statement struct {
				Roots []string `json:"attestationRootCertificates"`
			} `json:"metadataStatement"`
			Reports []struct {
				Status string `json:"status"`
			} `json:"statusReports"`
		} `json:"entries"`
	}
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, err
	}
	next, err := time.Parse(time.DateOnly, in.Next)
	if err != nil {
		return nil, err
	}
	m := &Metadata{NextUpdate: next, models: make(map[AAGUID]model)}
	for _, e := range in.Entries {
		id, err := ParseAAGUID(strings.ToLower(e.Model))
		if err != nil {
			continue
		}
		one := model{roots: x509.NewCertPool()}
		for _, text := range e.Statement.Roots {
			if cert, err := certificate(text); err == nil { // some makers' are not well-formed: nothing leads to them
				one.roots.AddCert(cert)
			}
		}
		for _, r := range e.Reports {
			one.broken = one.broken || slices.Contains(broken, r.Status)
		}
		m.models[id] = one
	}
	if len(m.models) == 0 {
		return nil, fmt.Errorf("no models in it")
	}
	return m, nil
}
