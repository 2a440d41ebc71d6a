// Package device recognises browsers that completed a sign-in before.
//
// A known device proves nothing: it only exempts its owner from the delays that
// strangers' guesses cause (TH-33, PW-21). It is a sealed cookie that lists the
// accounts which signed in on that browser, bound to the instance's epoch, so a
// restored store knows no devices (TH-24).
package device

import (
	"encoding/base64"
	"encoding/hex"
	"slices"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Sealer is what the package needs of the keyring.
type Sealer interface {
	Seal(purpose string, aad, plaintext []byte) []byte
	Open(purpose string, aad, sealed []byte) ([]byte, error)
}

// Book reads and writes device cookies. It is safe for concurrent use.
type Book struct {
	sealer Sealer
	aad    []byte
}

// NewBook makes a Book for one instance in one epoch.
func NewBook(s Sealer, instance [16]byte, epoch string) *Book {
	return &Book{sealer: s, aad: append(instance[:], epoch...)}
}

const (
	purpose  = "device"
	idLen    = 16
	maxUsers = 8    // accounts one browser is known for; the oldest gives way
	maxLen   = 1024 // of a cookie's value
)

// Device is what a cookie says: a random id and who signed in there.
type Device struct {
	id    [idLen]byte
	users []user.ID // most recent last
}

// Read opens a cookie's value. Anything but a cookie of this Book is a device
// nobody knows.
func (b *Book) Read(cookie string) Device {
	if cookie == "" || len(cookie) > maxLen {
		return Device{}
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return Device{}
	}
	plain, err := b.sealer.Open(purpose, b.aad, sealed)
	if err != nil || len(plain) < idLen || len(plain)%idLen != 0 {
		return Device{}
	}
	d := Device{id: [idLen]byte(plain)}
	for part := range slices.Chunk(plain[idLen:], idLen) {
		d.users = append(d.users, user.ID(part))
	}
	return d
}

// Knows reports whether u signed in on d.
func (d Device) Knows(u user.ID) bool { return slices.Contains(d.users, u) }

// ID names d among the devices u signed in on; empty when u never did.
func (d Device) ID(u user.ID) string {
	if !d.Knows(u) {
		return ""
	}
	return hex.EncodeToString(d.id[:])
}

// Write returns the cookie value of d after u signed in there.
func (b *Book) Write(d Device, u user.ID) string {
	if d.id == [idLen]byte{} {
		secret.Fill(d.id[:])
	}
	users := slices.DeleteFunc(slices.Clone(d.users), func(o user.ID) bool { return o == u })
	users = append(users, u)
	users = users[max(0, len(users)-maxUsers):]
	plain := slices.Clone(d.id[:])
	for _, o := range users {
		plain = append(plain, o[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b.sealer.Seal(purpose, b.aad, plain))
}
