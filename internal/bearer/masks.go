package bearer

import (
	"bytes"
	"sync"

	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// masks makes the values that a live set's entries have: those of feed.Mask under
// one key, whose HMAC is kept ready, or those of feed.RawValue without a key.
type masks struct {
	masked bool
	ready  sync.Pool // of *feed.Masker
}

func newMasks(key []byte) *masks {
	key = bytes.Clone(key)
	return &masks{masked: key != nil, ready: sync.Pool{New: func() any { return feed.NewMasker(key) }}}
}

// question is what the live set is asked about a token of these claims.
func (m *masks) question(a *jwt.Access) feed.Question {
	value := feed.RawValue
	if m.masked {
		masker, _ := m.ready.Get().(*feed.Masker)
		defer m.ready.Put(masker)
		value = func(k feed.Kind, text string) [16]byte { return masker.Mask(k, feed.RawValue(k, text)) }
	}
	q := feed.Question{
		Session: value(feed.Session, a.Session), Grant: value(feed.Grant, a.Grant),
		Subject: value(feed.Subject, a.Subject), Client: value(feed.Client, a.ClientID),
		Key: value(feed.Key, a.KeyID), Token: value(feed.Token, a.ID),
		SubjectVersion: a.UserVersion, ClientVersion: a.ClientVersion,
	}
	for actor := a.Actor; actor != nil; actor = actor.Actor {
		q.Actors = append(q.Actors, feed.Actor{Subject: value(feed.Subject, actor.Subject), Version: actor.UserVersion})
	}
	return q
}
