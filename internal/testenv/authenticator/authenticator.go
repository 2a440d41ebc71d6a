// Package authenticator is a WebAuthn authenticator and client in software, for
// tests: what a browser and a security key do, with everything settable that an
// attacker, or a bad device, would do otherwise.
package authenticator

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
	"sync"
)

// ErrNone: no key here fits what was asked.
var ErrNone = errors.New("authenticator: no key fits")

// ErrExcluded: a key of the person is here already.
var ErrExcluded = errors.New("authenticator: excluded")

// Authenticator makes and uses keys. Set its fields before use, or between uses.
type Authenticator struct {
	Origin      string // of the page that asks
	RPID        string // signed instead of the one asked for, unless empty
	Verifies    bool   // the person is verified
	Absent      bool   // nobody is there
	Synced      bool   // keys may leave the device
	Silent      bool   // gives no user handle, as for a key that is not discoverable
	CrossOrigin bool   // the page is framed by another site
	Counts      bool   // signatures are counted
	Flags       byte   // set beside what the others say
	IDSize      int    // of the ids of keys, in bytes; 0: 32
	Model       [16]byte
	Transports  []string
	Client      func(data map[string]any) // changes what the client says, before it is signed
	Raw         []byte                    // what the client says, whatever was asked; nil: what is right
	Extensions  []byte                    // CBOR of extensions that nobody asked for, signed
	Results     map[string]any            // what the client says of extensions; nil: nothing, not even that

	mu   sync.Mutex
	keys []*key
}

type key struct {
	id     []byte
	rp     string
	handle []byte
	secret *ecdsa.PrivateKey
	count  uint32
}

// New makes one that verifies and counts, on a page of origin.
func New(origin string) *Authenticator {
	return &Authenticator{Origin: origin, Verifies: true, Counts: true, Transports: []string{"usb"}, Results: map[string]any{}}
}

// Clone is a copy with the same keys and counters of its own.
func (a *Authenticator) Clone() *Authenticator {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := &Authenticator{
		Origin: a.Origin, RPID: a.RPID, Verifies: a.Verifies, Absent: a.Absent, Synced: a.Synced, Silent: a.Silent,
		CrossOrigin: a.CrossOrigin, Counts: a.Counts, Flags: a.Flags, IDSize: a.IDSize, Model: a.Model, Transports: slices.Clone(a.Transports), Client: a.Client, Raw: a.Raw,
		Extensions: bytes.Clone(a.Extensions), Results: a.Results,
	}
	for _, k := range a.keys {
		c := *k
		b.keys = append(b.keys, &c)
	}
	return b
}

// Keys are the ids of what is kept here.
func (a *Authenticator) Keys() (ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.keys {
		ids = append(ids, text(k.id))
	}
	return ids
}

// SetCount turns every counter to n.
func (a *Authenticator) SetCount(n uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.keys {
		k.count = n
	}
}

type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Exclude []struct {
		ID string `json:"id"`
	} `json:"excludeCredentials"`
	Allow []struct {
		ID string `json:"id"`
	} `json:"allowCredentials"`
}

// Create answers creation options, as JSON, with a PublicKeyCredential, as JSON.
func (a *Authenticator) Create(asked any) ([]byte, error) {
	o, err := read(asked)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range o.Exclude {
		if slices.ContainsFunc(a.keys, func(k *key) bool { return text(k.id) == x.ID }) {
			return nil, ErrExcluded
		}
	}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &key{id: make([]byte, cmp.Or(a.IDSize, 32)), rp: o.RP.ID, secret: secret}
	_, _ = rand.Read(k.id)
	if k.handle, err = base64.RawURLEncoding.DecodeString(o.User.ID); err != nil {
		return nil, err
	}
	a.keys = append(a.keys, k)
	public, err := cose(secret)
	if err != nil {
		return nil, err
	}
	data := a.data(k, 0x40)
	data = append(data, a.Model[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = slices.Concat(data, k.id, public, a.Extensions)
	object := []byte{0xa3, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e', 0x67, 'a', 't', 't', 'S', 't', 'm', 't', 0xa0, 0x68, 'a', 'u', 't', 'h', 'D', 'a', 't', 'a', 0x59}
	object = binary.BigEndian.AppendUint16(object, uint16(len(data)))
	return a.credential(k, map[string]any{
		"clientDataJSON": text(a.client("webauthn.create", o.Challenge)), "attestationObject": text(append(object, data...)), "transports": a.Transports,
	})
}

// Get answers request options, as JSON, with a PublicKeyCredential, as JSON.
func (a *Authenticator) Get(asked any) ([]byte, error) {
	o, err := read(asked)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range slices.Backward(a.keys) {
		fits := len(o.Allow) == 0
		for _, x := range o.Allow {
			fits = fits || x.ID == text(k.id)
		}
		if k.rp != o.RPID || !fits {
			continue
		}
		k.count++
		data, client := append(a.data(k, 0), a.Extensions...), a.client("webauthn.get", o.Challenge)
		sum := sha256.Sum256(client)
		digest := sha256.Sum256(append(bytes.Clone(data), sum[:]...))
		sig, err := ecdsa.SignASN1(rand.Reader, k.secret, digest[:])
		if err != nil {
			return nil, err
		}
		response := map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(sig)}
		if !a.Silent {
			response["userHandle"] = text(k.handle)
		}
		return a.credential(k, response)
	}
	return nil, ErrNone
}

// data is the head of the authenticator data.
func (a *Authenticator) data(k *key, flags byte) []byte {
	rp := k.rp
	if a.RPID != "" {
		rp = a.RPID
	}
	for set, bit := range map[byte]bool{0x01: !a.Absent, 0x04: a.Verifies, 0x18: a.Synced, 0x80: a.Extensions != nil} {
		if bit {
			flags |= set
		}
	}
	flags |= a.Flags
	count := k.count
	if !a.Counts {
		count = 0
	}
	sum := sha256.Sum256([]byte(rp))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), count)
}

func (a *Authenticator) client(ceremony, challenge string) []byte {
	if a.Raw != nil {
		return a.Raw
	}
	said := map[string]any{"type": ceremony, "challenge": challenge, "origin": a.Origin, "crossOrigin": a.CrossOrigin}
	if a.Client != nil {
		a.Client(said)
	}
	b, _ := json.Marshal(said) // strings and truths always marshal
	return b
}

func (a *Authenticator) credential(k *key, response map[string]any) ([]byte, error) {
	all := map[string]any{"id": text(k.id), "rawId": text(k.id), "type": "public-key", "response": response}
	if a.Results != nil {
		all["clientExtensionResults"] = a.Results
	}
	return json.Marshal(all)
}

// cose is an ES256 key: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
func cose(k *ecdsa.PrivateKey) ([]byte, error) {
	point, err := k.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	b := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33]...)
	return append(append(b, 0x22, 0x58, 0x20), point[33:]...), nil
}

func read(asked any) (o options, err error) {
	b, ok := asked.([]byte)
	if !ok {
		if b, err = json.Marshal(asked); err != nil {
			return o, err
		}
	}
	return o, json.Unmarshal(b, &o)
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
