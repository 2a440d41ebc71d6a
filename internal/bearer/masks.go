package bearer

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// masks makes the values that a live set's entries have: those of feed.Mask under
// one key, whose HMAC is kept ready, or those of feed.RawValue without a key.
type masks struct {
	key   []byte
	ready sync.Pool // of *mac
}

type mac struct {
	hash.Hash
	in  [17]byte // kind and raw value
	out [sha256.Size]byte
}

func newMasks(key []byte) *masks {
	m := &masks{key: bytes.Clone(key)}
	m.ready.New = func() any { return &mac{Hash: hmac.New(sha256.New, m.key)} }
	return m
}

func (m *masks) question(a *jwt.Access) feed.Question {
	h, _ := m.ready.Get().(*mac)
	defer m.ready.Put(h)
	q := feed.Question{
		Session:        m.value(h, feed.Session, a.Session),
		Grant:          m.value(h, feed.Grant, a.Grant),
		Subject:        m.value(h, feed.Subject, a.Subject),
		Client:         m.value(h, feed.Client, a.ClientID),
		Key:            m.value(h, feed.Key, a.KeyID),
		Token:          m.value(h, feed.Token, a.ID),
		SubjectVersion: a.UserVersion,
		ClientVersion:  a.ClientVersion,
	}
	for actor := a.Actor; actor != nil; actor = actor.Actor {
		q.Actors = append(q.Actors, feed.Actor{Subject: m.value(h, feed.Subject, actor.Subject), Version: actor.UserVersion})
	}
	return q
}

func (m *masks) value(h *mac, k feed.Kind, text string) [16]byte {
	raw := feed.RawValue(k, text)
	if m.key == nil || raw == [16]byte{} {
		return raw
	}
	h.Reset()
	h.in[0] = byte(k)
	copy(h.in[1:], raw[:])
	h.Write(h.in[:])
	return [16]byte(h.Sum(h.out[:0]))
}
