package proof

import (
	"crypto/subtle"
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// CodeDigits is the length of mailed codes: 10^8 with five tries and limits.
const CodeDigits = 8

// Keys is what a Mint needs of the keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// Mint makes proofs and judges codes. It is safe for concurrent use.
type Mint struct {
	Instance [16]byte
	Keys     Keys
}

// Minted is a proof about to be kept, with the secrets that are never kept.
type Minted struct {
	Proof
	LinkToken secret.Token // for the mail
	FlowToken secret.Token // for the browser that asked
	Code      secret.Text  // for the mail
}

// New mints a proof with a link, a flow secret and a code. payload, unless nil,
// is sealed to the proof's id as JSON.
func (m Mint) New(purpose Purpose, key string, now time.Time, life time.Duration, payload any) (Minted, error) {
	p := Minted{LinkToken: secret.New(purpose.LinkPurpose()), FlowToken: secret.New(purpose.FlowPurpose()), Code: secret.Code(CodeDigits)}
	p.Proof = Proof{ID: NewID(now), Purpose: purpose, Key: key, CreatedAt: now, ExpiresAt: now.Add(life)}
	p.Link, p.Flow = p.LinkToken.Digest(m.Instance), p.FlowToken.Digest(m.Instance)
	p.Proof.Code = m.codeMAC(p.ID, p.Code)
	if payload == nil {
		return p, nil
	}
	return p, m.Carry(&p.Proof, payload)
}

// Carry seals payload to p's id as JSON, in the place of what p carried.
func (m Mint) Carry(p *Proof, payload any) error {
	plain, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	p.Payload = m.Keys.Seal("proof", p.ID[:], plain)
	return nil
}

// LinkOnly returns p without flow and code.
func (p Minted) LinkOnly() Minted {
	p.FlowToken, p.Code = secret.Token{}, secret.Text{}
	p.Flow, p.Proof.Code = secret.Digest{}, nil
	return p
}

// CodeOnly returns p without link and flow: what belongs to a flow by its Key.
func (p Minted) CodeOnly() Minted {
	p.LinkToken, p.FlowToken = secret.Token{}, secret.Token{}
	p.Link, p.Flow = secret.Digest{}, secret.Digest{}
	return p
}

// codeMAC is how a code is kept and compared: keyed, and bound to its proof, so
// neither a dump nor another proof's code helps.
func (m Mint) codeMAC(id ID, code secret.Text) []byte {
	mac := m.Keys.MAC("code", id[:], []byte(digits(code.Reveal())))
	return mac[:]
}

// Fits reports in constant time whether code is the code of p. Spaces and
// hyphens that people type between groups do not count.
func (m Mint) Fits(p Proof, code secret.Text) bool {
	return len(p.Code) > 0 && subtle.ConstantTimeCompare(p.Code, m.codeMAC(p.ID, code)) == 1
}

func digits(s string) string {
	if len(s) > 4*CodeDigits {
		return ""
	}
	out := make([]byte, 0, CodeDigits)
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			out = append(out, byte(r))
		case '０' <= r && r <= '９': // full-width, as some keyboards type them
			out = append(out, byte(r-'０')+'0')
		case r == ' ', r == '-', r == '\u00a0', r == '\u2009':
		default:
			return ""
		}
	}
	return string(out)
}

// Payload opens what New or Carry sealed.
func (m Mint) Payload(p Proof, into any) error {
	plain, err := m.Keys.Open("proof", p.ID[:], p.Payload)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}

// Usable is nil while p is unused and unexpired, else ErrExpired.
func (p Proof) Usable(now time.Time) error {
	if !p.UsedAt.IsZero() || !now.Before(p.ExpiresAt) {
		return ErrExpired
	}
	return nil
}
