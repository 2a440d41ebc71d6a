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

// Redeemer is a bare code grant: form, SHA-256 secret check, one look-up, PKCE, two
// signatures, and the rows of code, grant and event in a grouped commit. It takes
// the digests of codes for codes, and checks no session, account or client.
type Redeemer struct {
	issuer string
	digest [32]byte // of every client's secret
	key    ed25519.PrivateKey
	reads  *sql.DB
	code   *sql.Stmt
	rows   *redemptions
}

// OpenRedeemer serves the codes of the data folder dir.
func OpenRedeemer(dir, secret, issuer string) (*Redeemer, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	path := "file:" + filepath.Join(dir, "mortise.db")
	r := &Redeemer{issuer: issuer, digest: sha256.Sum256([]byte(secret)), key: key}
	if r.rows, err = openRedemptions(path); err != nil {
		return nil, err
	}
	if r.reads, err = sql.Open("sqlite", path+"?_pragma=query_only(1)&_pragma=cache_size(-8192)"); err != nil {
		return nil, err
	}
	r.reads.SetMaxIdleConns(8)
	r.code, err = r.reads.Prepare(`SELECT client_id, user_id, session_id, redirect_uri, challenge, nonce, scope, methods, acr, authenticated_at
		FROM codes WHERE digest = ? AND redeemed_at IS NULL AND expires_at > ?`)
	return r, err
}

// Close ends the Redeemer. Nobody may be waiting.
func (r *Redeemer) Close() error { return errors.Join(r.rows.close(), r.reads.Close()) }

func (r *Redeemer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	id, secret, ok := q.BasicAuth()
	d := sha256.Sum256([]byte(secret))
	if err := q.ParseForm(); err != nil || !ok || subtle.ConstantTimeCompare(d[:], r.digest[:]) != 1 || q.PostForm.Get("grant_type") != "authorization_code" {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	out, err := r.redeem(q.Context(), id, q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// redemption is one code, to be spent.
type redemption struct {
	digest, grant, user, session                []byte
	client, redirect, challenge, nonce          string
	scope, methods, acr, audiences, from, names string
	authenticated                               int64
	now                                         time.Time
	next                                        [32]byte // digest of the refresh token
}

func (r *Redeemer) redeem(ctx context.Context, id string, q *http.Request) (out answered, err error) {
	now := time.Now()
	one := &redemption{now: now, from: q.RemoteAddr, audiences: `["` + r.issuer + `/oauth2/userinfo"]`}
	if one.digest, err = base64.RawURLEncoding.DecodeString(q.PostForm.Get("code")); err != nil {
		return out, err
	}
	err = r.code.QueryRowContext(ctx, one.digest, now.UnixMicro()).Scan(&one.client, &one.user, &one.session, &one.redirect, &one.challenge, &one.nonce,
		&one.scope, &one.methods, &one.acr, &one.authenticated)
	if err != nil {
		return out, err
	}
	proof := sha256.Sum256([]byte(q.PostForm.Get("code_verifier")))
	if one.client != id || one.redirect != q.PostForm.Get("redirect_uri") || base64.RawURLEncoding.EncodeToString(proof[:]) != one.challenge {
		return out, ErrToken
	}
	var refresh [32]byte
	_, _ = rand.Read(refresh[:]) // never fails
	one.next = sha256.Sum256(refresh[:])
	one.grant = ordered('g', uint64(now.UnixNano()))
	_, _ = rand.Read(one.grant[13:])
	subject, session := hex.EncodeToString(one.user), hex.EncodeToString(one.session)
	one.names = subject
	if err := r.rows.commit(one); err != nil {
		return out, err
	}
	c := Claims{
		Issuer: r.issuer, Subject: subject, Client: id, Audience: one.audiences, ID: hex.EncodeToString(refresh[:16]), Session: session,
		Grant: hex.EncodeToString(one.grant), Scope: one.scope, ACR: one.acr, AMR: []string{one.methods}, Expiry: now.Unix() + 600, IssuedAt: now.Unix(),
		NotBefore: now.Unix(), AuthTime: one.authenticated / 1e6, UV: 1, CV: 1,
	}
	access, err := r.sign(&c)
	if err != nil {
		return out, err
	}
	half := sha256.Sum256([]byte(access))
	idToken, err := r.sign(&struct {
		idToken
		Nonce string `json:"nonce"`
		Half  string `json:"at_hash"`
	}{idToken{c.Issuer, c.Subject, c.Client, c.Expiry, c.IssuedAt, c.AuthTime, c.Session, c.ACR, c.AMR}, one.nonce, base64.RawURLEncoding.EncodeToString(half[:16])})
	return answered{access, "Bearer", 600, tokenOf([16]byte(one.grant), refresh), idToken, one.scope}, err
}

func (r *Redeemer) sign(claims any) (string, error) { return signed(r.key, claims) }

// redemptions writes them.
type redemptions struct {
	*group[*redemption]
	number atomic.Int64
}

const (
	redeemed = `UPDATE codes SET redeemed_at = ?, grant_id = ? WHERE digest = ? AND redeemed_at IS NULL`
	begun    = `INSERT INTO grants (id, user_id, user_version, client_id, client_version, session_id, audiences, scope, sender, sender_key, methods, acr,
		authenticated_at, created_at, idle_timeout, expires_at, access_until, rotates, generation, digest, rotated_at, rotated_from, claims, details, replayed,
		replays_in_row, replays, lapses_at) VALUES (?, ?, 1, ?, 1, ?, ?, ?, 'client', '', ?, ?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?, '', '', 0, 0, 0, ?)`
)

func openRedemptions(path string) (_ *redemptions, err error) {
	r := &redemptions{}
	r.number.Store(1_000_000_000)
	if r.group, err = openGroup(path, 8192, r.write, redeemed, begun, event); err != nil {
		return nil, err
	}
	return r, r.start()
}

func (r *redemptions) write(ctx context.Context, with []*sql.Stmt, one *redemption) error {
	at, n := one.now.UnixMicro(), r.number.Add(1)
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	_, err := with[1].ExecContext(ctx, one.grant, one.user, one.client, one.session, one.audiences, one.scope, one.methods, one.acr, one.authenticated,
		at, week, at+4*week, at+600_000_000, one.next[:], at, one.from, at+week)
	if err != nil {
		return err
	}
	done, err := with[0].ExecContext(ctx, at, one.grant, one.digest)
	if err != nil {
		return err
	}
	if k, err := done.RowsAffected(); err != nil || k != 1 {
		return errors.Join(err, ErrToken)
	}
	_, err = with[2].ExecContext(ctx, ordered('r', uint64(n)), at, n, "token.issued", "info", "success", "", "client", one.client, one.names,
		one.names, one.client, one.from, "bench", "", "", `{"grant":"grt_0123456789012345678901234"}`)
	return err
}
