package floor

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// answer is what every measured handler sends back.
const answer = "ok\n"

// Bare is a handler that does nothing.
func Bare(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }

// Sessions is a bare session check: cookie, SHA-256, sharded map.
type Sessions struct {
	Cookie string
	shards [64]struct {
		sync.RWMutex
		live map[[32]byte]*person
	}
}

type person struct {
	subject string
	expires time.Time
}

// Add makes value the secret of a live session.
func (s *Sessions) Add(value string) {
	d := sha256.Sum256([]byte(value))
	shard := &s.shards[d[0]%64]
	shard.Lock()
	defer shard.Unlock()
	if shard.live == nil {
		shard.live = make(map[[32]byte]*person)
	}
	shard.live[d] = &person{subject: "usr_0", expires: time.Now().Add(time.Hour)}
}

// ServeHTTP answers like Bare to whoever is signed in.
func (s *Sessions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie(s.Cookie)
	if err != nil {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	if !s.live(c.Value) {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	Bare(w, r)
}

func (s *Sessions) live(value string) bool {
	d := sha256.Sum256([]byte(value))
	shard := &s.shards[d[0]%64]
	shard.RLock()
	p := shard.live[d]
	shard.RUnlock()
	return p != nil && time.Now().Before(p.expires)
}

// Passwords is a bare sign-in: parse, argon2id (19 MiB, t=2, p=1), compare.
type Passwords struct{ salt, tag []byte }

// NewPasswords accepts password for everybody.
func NewPasswords(password string) *Passwords {
	salt := []byte("sixteen bytes ok")
	return &Passwords{salt, derive(password, salt)}
}

func derive(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 2, 19*1024, 1, 32)
}

// ServeHTTP answers a POST of {"identifier", "password"}.
func (p *Passwords) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Identifier, Password string }
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&in); err != nil {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	if subtle.ConstantTimeCompare(derive(in.Password, p.salt), p.tag) != 1 {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "floor", Value: base64.RawURLEncoding.EncodeToString(p.tag)})
	Bare(w, r)
}
