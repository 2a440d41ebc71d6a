package passkey

import (
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Bounds of what is read, in bytes: the longest statements, of TPMs, are near 8 kB.
const (
	maxAnswer     = 32 << 10
	maxCredential = 1023 // PW-66
)

// creation is an answer to CreationOptions that could be read.
type creation struct {
	*protocol.ParsedCredentialCreationData
}

func readCreation(answer []byte) (in creation, err error) {
	if len(answer) > maxAnswer {
		return in, ErrMalformed
	}
	in.ParsedCredentialCreationData, err = protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return in, ErrMalformed.Because(err)
	}
	return in, nil
}

func (in creation) challenge() string { return in.Response.CollectedClientData.Challenge }

// verify is WebAuthn 7.1. Nobody need have been there for a silent upgrade.
func (in creation) verify(site Site, policy Policy, now time.Time, silent bool) (k Passkey, err error) {
	client := &in.Response.CollectedClientData
	if err := sameOrigin(client, site); err != nil {
		return k, err
	}
	object := &in.Response.AttestationObject
	auth := object.AuthData
	_, err = in.Verify(client.Challenge, site.ID, site.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		!silent, !silent, nil, offered(), protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return k, ErrRefused.Because(err)
	}
	id := auth.AttData.CredentialID
	if len(id) == 0 || len(id) > maxCredential || auth.Flags.HasBackupState() && !auth.Flags.HasBackupEligible() {
		return k, ErrRefused
	}
	alg, err := keyRules(auth.AttData.CredentialPublicKey)
	if err != nil {
		return k, err
	}
	k = Passkey{
		Credential: slices.Clone(id), PublicKey: slices.Clone(auth.AttData.CredentialPublicKey), Algorithm: alg,
		Model: AAGUID(auth.AttData.AAGUID), Transports: transports(in.Response.Transports), Attestation: object.Format,
		BackupEligible: auth.Flags.HasBackupEligible(), BackedUp: auth.Flags.HasBackupState(), Count: auth.Counter,
		Discoverable: in.discoverable(), Attested: attested(object, policy.rootsOf(AAGUID(auth.AttData.AAGUID)), now),
	}
	return k, nil
}

// discoverable is what the client says of it; it was asked for, so silence is yes.
func (in creation) discoverable() bool {
	props := in.ClientExtensionResults.CredProps
	return props == nil || props.RK == nil || *props.RK
}

// assertion is an answer to RequestOptions that could be read.
type assertion struct {
	*protocol.ParsedCredentialAssertionData
}

func readAssertion(answer []byte) (in assertion, err error) {
	if len(answer) > maxAnswer {
		return in, ErrMalformed
	}
	in.ParsedCredentialAssertionData, err = parse(answer)
	if err != nil {
		return in, ErrMalformed.Because(err)
	}
	if len(in.RawID) > maxCredential {
		return in, ErrMalformed
	}
	return in, nil
}

func (in assertion) challenge() string  { return in.Response.CollectedClientData.Challenge }
func (in assertion) credential() []byte { return in.RawID }
func (in assertion) handle() []byte     { return in.Response.UserHandle }
func (in assertion) count() uint32      { return in.Response.AuthenticatorData.Counter }
func (in assertion) backedUp() bool     { return in.Response.AuthenticatorData.Flags.HasBackupState() }

// verify is WebAuthn 7.2, from the client data to the signature by key, which is k's. The
// library judges client and authenticator data.
func (in assertion) verify(site Site, k Passkey, key publicKey) error {
	client, raw := &in.Response.CollectedClientData, &in.Raw.AssertionResponse
	bad := sameOrigin(client, site)
	err := client.Verify(client.Challenge, protocol.AssertCeremony, site.Origins, nil, nil, protocol.TopOriginExplicitVerificationMode, false)
	if err == nil {
		rp := sha256.Sum256([]byte(site.ID))
		err = in.Response.AuthenticatorData.Verify(rp[:], nil, true, true)
	}
	said := sha256.Sum256(raw.ClientDataJSON)
	signed := key.signed(slices.Concat(raw.AuthenticatorData, said[:]), in.Response.Signature)
	flags := in.Response.AuthenticatorData.Flags
	switch {
	case bad != nil:
		return bad
	case err != nil:
		return ErrRefused.Because(err)
	case !signed,
		flags.HasAttestedCredentialData(),
		flags.HasBackupEligible() != k.BackupEligible,
		flags.HasBackupState() && !flags.HasBackupEligible(): // PW-64
		return ErrRefused
	}
	return nil
}

// sameOrigin is PW-61, by exact comparison; the library's folds case and forgives
// paths. What is left of token binding is not looked at.
func sameOrigin(client *protocol.CollectedClientData, site Site) error {
	client.TokenBinding = nil //nolint:staticcheck // a remnant that old browsers send
	if client.CrossOrigin || client.TopOrigin != "" || !slices.Contains(site.Origins, client.Origin) {
		return ErrRefused
	}
	return nil
}

func offered() (list []protocol.CredentialParameter) {
	for _, alg := range algorithms {
		list = append(list, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(alg)})
	}
	return list
}

// keyRules is PW-65. That points lie on their curve and are not compressed is the
// library's to see.
func keyRules(key []byte) (alg int64, err error) {
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return 0, ErrRefused.Because(err)
	}
	ok := false
	switch k := parsed.(type) {
	case webauthncose.OKPPublicKeyData:
		alg, ok = k.Algorithm, k.Algorithm == EdDSA && len(k.XCoord) == 32
	case webauthncose.EC2PublicKeyData:
		alg, ok = k.Algorithm, k.Algorithm == ES256 && len(k.XCoord) == 32 && len(k.YCoord) == 32
	case webauthncose.RSAPublicKeyData:
		bits := new(big.Int).SetBytes(k.Modulus).BitLen()
		alg, ok = k.Algorithm, k.Algorithm == RS256 && 2048 <= bits && bits <= 4096
	}
	if !ok {
		return 0, ErrRefused
	}
	return alg, nil
}

// known are the transports of WebAuthn; others are left out.
var known = []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"}

func transports(said []protocol.AuthenticatorTransport) (list []string) {
	for _, t := range known {
		if slices.Contains(said, protocol.AuthenticatorTransport(t)) {
			list = append(list, t)
		}
	}
	return list
}

// attested reports whether the statement, whose signature was verified, was made
// with a key that a trusted maker vouches for. Self-signed ones have no chain.
func attested(object *protocol.AttestationObject, trusted []*x509.CertPool, now time.Time) bool {
	chain, _ := object.AttStatement["x5c"].([]any)
	if len(trusted) == 0 || len(chain) == 0 {
		return false
	}
	var leaf *x509.Certificate
	between := x509.NewCertPool()
	for i, one := range chain {
		der, _ := one.([]byte)
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return false
		}
		if i == 0 {
			leaf = cert
		} else {
			between.AddCert(cert)
		}
	}
	// The alternative name of a TPM's certificate is checked with its statement.
	leaf.UnhandledCriticalExtensions = nil
	return slices.ContainsFunc(trusted, func(roots *x509.CertPool) bool {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err == nil
	})
}

// nobody is a passkey with a valid ES256 key: the base point of P-256. Judging an
// unknown credential by it takes as long as any other.
func nobody() Passkey {
	key := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	x := []byte{
		0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
		0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
	}
	y := []byte{
		0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
		0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	}
	key = append(append(key, x...), 0x22, 0x58, 0x20)
	return Passkey{PublicKey: append(key, y...), Algorithm: ES256}
}
