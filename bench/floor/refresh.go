package floor

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Refresher is a bare refresh: form, SHA-256 secret check, one look-up, two
// signatures, the grant's row and the event's in a grouped commit. It checks that
// the token is the grant's newest and nothing else.
type Refresher struct {
	issuer string
	client string
	digest [32]byte // of the client's secret
	key    ed25519.PrivateKey
	reads  *sql.DB
	grant  *sql.Stmt
	rows   *rotations
}

// FirstToken is the token with which a grant begins.
func FirstToken(grant [16]byte) string {
	first := sha256.Sum256(append([]byte("floor"), grant[:]...))
	return tokenOf(grant, first)
}

func tokenOf(grant [16]byte, secret [32]byte) string {
	return base64.RawURLEncoding.EncodeToString(append(grant[:], secret[:]...))
}

// OpenRefresher serves the grants of the data folder dir.
func OpenRefresher(dir, client, secret, issuer string) (*Refresher, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	path := "file:" + filepath.Join(dir, "mortise.db")
	r := &Refresher{issuer: issuer, client: client, digest: sha256.Sum256([]byte(secret)), key: key}
	if r.rows, err = openRotations(path); err != nil {
		return nil, err
	}
	if r.reads, err = sql.Open("sqlite", path+"?_pragma=query_only(1)&_pragma=cache_size(-8192)"); err != nil {
		return nil, err
	}
	r.reads.SetMaxIdleConns(8)
	r.grant, err = r.reads.Prepare(`SELECT user_id, session_id, audiences, scope, methods, acr, authenticated_at, generation, digest FROM grants WHERE id = ?`)
	return r, err
}

// Close ends the Refresher. Nobody may be waiting.
func (r *Refresher) Close() error { return errors.Join(r.rows.close(), r.reads.Close()) }

type held struct {
	user, session, digest          []byte
	audiences, scope, methods, acr string
	authenticated, generation      int64
}

type answered struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
}

func (r *Refresher) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if err := q.ParseForm(); err != nil || !r.authentic(q) || q.PostForm.Get("grant_type") != "refresh_token" {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.PostForm.Get("refresh_token"))
	if err != nil || len(raw) != 48 {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	out, err := r.rotate(q.Context(), [16]byte(raw), raw[16:], q.RemoteAddr)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (r *Refresher) authentic(q *http.Request) bool {
	id, secret, ok := q.BasicAuth()
	d := sha256.Sum256([]byte(secret))
	return ok && id == r.client && subtle.ConstantTimeCompare(d[:], r.digest[:]) == 1
}

func (r *Refresher) rotate(ctx context.Context, grant [16]byte, secret []byte, from string) (out answered, err error) {
	var h held
	err = r.grant.QueryRowContext(ctx, grant[:]).Scan(&h.user, &h.session, &h.audiences, &h.scope, &h.methods, &h.acr, &h.authenticated, &h.generation, &h.digest)
	if err != nil {
		return out, err
	}
	parent := sha256.Sum256(secret)
	if subtle.ConstantTimeCompare(parent[:], h.digest) != 1 {
		return out, ErrToken
	}
	var next [32]byte
	_, _ = rand.Read(next[:]) // never fails
	now := time.Now()
	err = r.rows.commit(&rotation{
		grant: grant[:], generation: h.generation, parent: parent[:], next: next, now: now, from: from,
		subject: hex.EncodeToString(h.user), session: hex.EncodeToString(h.session), client: r.client,
	})
	if err != nil {
		return out, err
	}
	c := Claims{
		Issuer: r.issuer, Subject: hex.EncodeToString(h.user), Client: r.client, Audience: h.audiences, ID: hex.EncodeToString(next[:16]),
		Session: hex.EncodeToString(h.session), Grant: hex.EncodeToString(grant[:]), Scope: h.scope, ACR: h.acr, AMR: []string{h.methods},
		Expiry: now.Unix() + 600, IssuedAt: now.Unix(), NotBefore: now.Unix(), AuthTime: h.authenticated / 1e6, UV: 1, CV: 1,
	}
	access, err := r.sign(&c)
	if err != nil {
		return out, err
	}
	id, err := r.sign(&idToken{c.Issuer, c.Subject, c.Client, c.Expiry, c.IssuedAt, c.AuthTime, c.Session, c.ACR, c.AMR})
	return answered{access, "Bearer", 600, tokenOf(grant, next), id, h.scope}, err
}

type idToken struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expiry   int64    `json:"exp"`
	IssuedAt int64    `json:"iat"`
	AuthTime int64    `json:"auth_time"`
	Session  string   `json:"sid"`
	ACR      string   `json:"acr"`
	AMR      []string `json:"amr"`
}

// head is base64 of {"alg":"EdDSA","kid":"0123456789012345678901234567890123456789012","typ":"at+jwt"}.
var head = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"0123456789012345678901234567890123456789012","typ":"at+jwt"}`))

func (r *Refresher) sign(claims any) (string, error) { return signed(r.key, claims) }

func signed(key ed25519.PrivateKey, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	input := append(append([]byte(head), '.'), base64.RawURLEncoding.EncodeToString(payload)...)
	return string(input) + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, input)), nil
}

// rotation is one consumed token, to be written.
type rotation struct {
	grant, parent            []byte
	generation               int64
	next                     [32]byte
	now                      time.Time
	from                     string
	subject, session, client string
}

// rotations writes them.
type rotations struct {
	*group[*rotation]
	number atomic.Int64
}

const rotated = `UPDATE grants SET generation = ?, digest = ?, parent = ?, successor = ?, rotated_at = ?, rotated_from = ?, replayed = 0,
	replays_in_row = 0, replays = 0, lapses_at = ?, access_until = ? WHERE id = ? AND generation = ? AND digest = ?`

func openRotations(path string) (_ *rotations, err error) {
	r := &rotations{}
	r.number.Store(1_000_000_000)
	if r.group, err = openGroup(path, 8192, r.write, rotated, event); err != nil {
		return nil, err
	}
	if err := r.first(); err != nil {
		return nil, err
	}
	return r, r.start()
}

// first gives each grant the token it begins with.
func (r *rotations) first() error {
	all, err := r.grants()
	if err != nil {
		return err
	}
	for _, id := range all {
		secret := sha256.Sum256(append([]byte("floor"), id...))
		d := sha256.Sum256(secret[:])
		if _, err := r.db.Exec("UPDATE grants SET generation = 1, digest = ? WHERE id = ?", d[:], id); err != nil {
			return err
		}
	}
	return nil
}

func (r *rotations) grants() (all [][]byte, err error) {
	rows, err := r.db.Query("SELECT id FROM grants")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

func (r *rotations) write(ctx context.Context, with []*sql.Stmt, one *rotation) error {
	digest, at, n := sha256.Sum256(one.next[:]), one.now.UnixMicro(), r.number.Add(1)
	var sealed [60]byte
	copy(sealed[:], digest[:])
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	done, err := with[0].ExecContext(ctx, one.generation+1, digest[:], one.parent, sealed[:], at, one.from, at+week, at+600_000_000,
		one.grant, one.generation, one.parent)
	if err != nil {
		return err
	}
	if k, err := done.RowsAffected(); err != nil || k != 1 {
		return errors.Join(err, ErrToken)
	}
	_, err = with[1].ExecContext(ctx, ordered('r', uint64(n)), at, n, "token.refreshed", "info", "success", "", "client", one.client, one.subject,
		one.session, one.client, one.from, "bench", "", "", `{"grant":"grt_0123456789012345678901234"}`)
	return err
}
