package authn

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jwt"
	"github.com/mortise-auth/mortise/internal/secret"
)

// opaqueAge is how long what was read of an opaque token is used: its rights are
// those of the moment it was read.
const opaqueAge = 30 * time.Second

// opaque is a bounded memory of opaque tokens that were read from the store. The
// live set is asked at every hit and forgets nothing that could still be
// presented, so a fill that a revocation overtook is dead too (TH-10). Whoever
// asks must hold a freshness proof.
type opaque struct {
	live   bearer.Live
	limit  int // entries per shard
	shards [shardCount]opaqueShard
}

type opaqueShard struct {
	mu       sync.RWMutex
	byDigest map[secret.Digest]*remembered
}

type remembered struct {
	*box
	question feed.Question
	until    time.Time
	expiry   int64
}

func newOpaque(live bearer.Live, entries int) *opaque {
	o := &opaque{live: live, limit: max(1, entries/shardCount)}
	for i := range o.shards {
		o.shards[i].byDigest = make(map[secret.Digest]*remembered)
	}
	return o
}

func (o *opaque) shard(d *secret.Digest) *opaqueShard {
	return &o.shards[binary.LittleEndian.Uint16(d[:2])%shardCount]
}

func (o *opaque) get(d secret.Digest, now time.Time) *box {
	s := o.shard(&d)
	s.mu.RLock()
	r := s.byDigest[d]
	s.mu.RUnlock()
	if r == nil || !now.Before(r.until) || now.Unix() >= r.expiry || o.live.Revoked(&r.question) {
		return nil
	}
	return r.box
}

func (o *opaque) put(d secret.Digest, b *box, now time.Time) {
	r := &remembered{box: b, question: questionOf(b.claims), until: now.Add(opaqueAge), expiry: b.claims.Expiry}
	s := o.shard(&d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.byDigest[d]; !there && len(s.byDigest) >= o.limit {
		for victim := range s.byDigest { // map order is random enough for eviction
			delete(s.byDigest, victim)
			break
		}
	}
	s.byDigest[d] = r
}

// questionOf is what the live set is asked about a token, in raw values.
func questionOf(c *jwt.Access) feed.Question {
	return feed.Question{
		Session: feed.RawValue(feed.Session, c.Session), Grant: feed.RawValue(feed.Grant, c.Grant),
		Subject: feed.RawValue(feed.Subject, c.Subject), Client: feed.RawValue(feed.Client, c.ClientID),
		Token: feed.RawValue(feed.Token, c.ID), SubjectVersion: c.UserVersion, ClientVersion: c.ClientVersion,
	}
}
