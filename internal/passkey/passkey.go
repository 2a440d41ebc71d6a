package passkey

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a passkey; it is not the id that the authenticator gave it.
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "psk" }

// NewID makes an ID.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads the text form of an ID.
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

// MaxPerPerson bounds the passkeys of one account, and MaxName a name, in characters.
const (
	MaxPerPerson = 50
	MaxName      = 64
)

// Passkey is one credential as it is kept.
type Passkey struct {
	ID             ID
	User           user.ID
	Credential     []byte // the id that the authenticator gave it, at most 1023 bytes
	PublicKey      []byte // COSE
	Algorithm      int64  // COSE
	RPID           string // the domain that it is bound to
	Model          AAGUID
	Transports     []string
	Attestation    string // format of the statement that came with it
	Attested       bool   // the statement leads to a root that policy trusts
	Discoverable   bool   // it can be used without naming the account
	BackupEligible bool   // it may leave its device: never changes
	BackedUp       bool   // it has left its device, as last seen
	Count          uint32 // of signatures; 0 when the authenticator does not count
	Name           string
	SuspectAt      time.Time // when the counter last went back; zero if never
	CreatedAt      time.Time
	UsedAt         time.Time // zero: never since
}

// Synced reports whether the key is one that several devices may hold.
func (p Passkey) Synced() bool { return p.BackupEligible }

// Methods are what a proof by p says of itself in amr (RFC 8176): how the key is
// kept, that a person was there and was verified.
func (p Passkey) Methods() []string {
	key := "hwk"
	if p.Synced() {
		key = "swk"
	}
	return []string{key, "user", "mfa"}
}

// Assurance is the level a proof by p reaches: 3 only for a key that cannot leave
// hardware whose maker vouches for that, because a key's own word is not enough;
// else 2 (PW-76).
func (p Passkey) Assurance() int {
	if p.Attested && !p.BackupEligible {
		return 3
	}
	return 2
}

// CleanName makes a name fit to be kept; ErrName when nothing is left, or too much.
func CleanName(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrName
	}
	s = strings.Join(strings.Fields(s), " ")
	if s == "" || utf8.RuneCountInString(s) > MaxName || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", ErrName
	}
	return s, nil
}

// AAGUID is the model id of an authenticator; zero when it tells none.
type AAGUID [16]byte

// String is the usual form with hyphens.
func (a AAGUID) String() string {
	h := hex.EncodeToString(a[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// ParseAAGUID reads the usual form.
func ParseAAGUID(s string) (a AAGUID, err error) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return a, ErrModel
	}
	if n, err := hex.Decode(a[:], []byte(strings.ReplaceAll(s, "-", ""))); err != nil || n != len(a) {
		return AAGUID{}, ErrModel
	}
	return a, nil
}
