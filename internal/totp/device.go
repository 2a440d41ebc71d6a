package totp

import (
	"encoding/base32"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names a device: otp_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "otp" }

// NewID makes the name of a device enrolled now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads otp_….
func ParseID(s string) (ID, error) { return id.Parse[noun](s) }

const (
	// SecretSize is 160 bits (RFC 4226 §4 R6, PW-40).
	SecretSize = 20
	// PendingLife is how long an enrolment waits for its first code.
	PendingLife = 15 * time.Minute
	// MaxDevices is how many an account may have.
	MaxDevices = 10
	// MaxName is the longest name of a device, in characters.
	MaxName = 60
)

// Device is one authenticator app of an account.
type Device struct {
	ID          ID
	User        user.ID
	Name        string
	Secret      []byte // sealed
	LastStep    int64  // whose code was taken last
	CreatedAt   time.Time
	ConfirmedAt time.Time // zero: pending
	UsedAt      time.Time
}

// Keys seal secrets; see keyring.Keyring.
type Keys interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

const purpose = "totp"

// New makes a pending device and the secret that its app is to be told.
func New(keys Keys, owner user.ID, name string, now time.Time) (Device, secret.Text) {
	d := Device{ID: NewID(now), User: owner, Name: name, CreatedAt: now}
	key := make([]byte, SecretSize)
	secret.Fill(key)
	d.Secret = keys.Seal(purpose, d.bound(), key)
	return d, secret.NewText(encoding.EncodeToString(key))
}

// bound ties the sealed secret to its device and owner.
func (d Device) bound() []byte { return append(d.ID[:len(d.ID):len(d.ID)], d.User[:]...) }

// Match judges what was typed at t: the step it fits, to be used up by Store. False
// when it fits none or one that was taken.
func (d Device) Match(keys Keys, typed secret.Text, t time.Time) (step int64, ok bool, err error) {
	code, ok := Parse(typed.Reveal())
	if !ok {
		return 0, false, nil
	}
	key, err := keys.Open(purpose, d.bound(), d.Secret)
	if err != nil {
		return 0, false, err
	}
	step, ok = match(key, code, t, d.LastStep)
	return step, ok, nil
}

// Reveal opens the secret of a device that was not confirmed yet, to show it again
// while it is being set up.
func (d Device) Reveal(keys Keys) (secret.Text, error) {
	key, err := keys.Open(purpose, d.bound(), d.Secret)
	return secret.NewText(encoding.EncodeToString(key)), err
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// URI is what the QR code of an enrolment says (Key Uri Format).
func URI(issuer, account string, key secret.Text) string {
	label := url.PathEscape(strings.ReplaceAll(issuer, ":", " ")) + ":" + url.PathEscape(account)
	q := url.Values{"secret": {key.Reveal()}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + label + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// Decode reads a typed secret as New hands it out.
func Decode(key secret.Text) ([]byte, error) {
	return encoding.DecodeString(strings.ToUpper(strings.ReplaceAll(key.Reveal(), " ", "")))
}

// CleanName is a device's name as it is kept; fallback when nothing is left.
func CleanName(name, fallback string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }), " ")
	if name == "" {
		return fallback
	}
	if runes := []rune(name); len(runes) > MaxName {
		return string(runes[:MaxName])
	}
	return name
}
