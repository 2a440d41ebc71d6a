package phone

import (
	"encoding/hex"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a phone: phn_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "phn" }

// NewID makes the name of a phone given now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads phn_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

const (
	// CodeLife is how long a code is good for (V6.5.5: ten minutes at the most).
	CodeLife = 10 * time.Minute
	// PendingLife is how long a number waits for its first code.
	PendingLife = 15 * time.Minute
	// MaxPhones is how many an account may have.
	MaxPhones = 3
)

// Phone is one number of an account.
type Phone struct {
	ID          ID
	User        user.ID
	Number      []byte // sealed
	CreatedAt   time.Time
	ConfirmedAt time.Time // zero: pending
	UsedAt      time.Time
}

// Keys seal numbers and name them without telling them; see keyring.Keyring.
type Keys interface {
	MAC(purpose string, parts ...[]byte) [32]byte
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

const purpose = "phone"

// New makes a pending phone.
func New(keys Keys, owner user.ID, n Number, now time.Time) Phone {
	p := Phone{ID: NewID(now), User: owner, CreatedAt: now}
	p.Number = keys.Seal(purpose, p.bound(), []byte(n))
	return p
}

// bound ties the sealed number to its phone and owner.
func (p Phone) bound() []byte { return append(p.ID[:len(p.ID):len(p.ID)], p.User[:]...) }

// Open is the number of p.
func (p Phone) Open(keys Keys) (Number, error) {
	plain, err := keys.Open(purpose, p.bound(), p.Number)
	return Number(plain), err
}

// Tag names a number in counters, which must not tell it.
func Tag(keys Keys, n Number) string {
	mac := keys.MAC("phone number", []byte(n))
	return hex.EncodeToString(mac[:16])
}
