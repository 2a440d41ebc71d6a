package floor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Passkeys is a bare sign-in by passkey: JSON, one look-up in memory, one ES256
// verification, and the rows of challenge, passkey, session and event in a grouped
// commit. It checks no challenge, origin, account or limit.
type Passkeys struct {
	*group[*assertion]
	keys   map[string]*holder
	number atomic.Uint64
}

// holder is whose passkey it is.
type holder struct {
	id, user []byte
	name     string // as events have it
	key      *ecdsa.PublicKey
}

type assertion struct {
	*holder
	challenge [32]byte
	digest    [32]byte // of the session's secret
}

const (
	spent = `INSERT INTO passkey_challenges (digest, kept_until) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING`
	used  = `UPDATE passkeys SET sign_count = ?, backed_up = ?, used_at = ? WHERE id = ?`
)

// OpenPasskeys serves the passkeys of the data folder dir, all of them ES256 keys as
// the software authenticator writes them.
func OpenPasskeys(dir string) (_ *Passkeys, err error) {
	p := &Passkeys{keys: map[string]*holder{}}
	if p.group, err = openGroup("file:"+filepath.Join(dir, "mortise.db"), 8192, p.write, spent, used, session, event); err != nil {
		return nil, err
	}
	if err := p.load(); err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	return p, p.start()
}

// Close ends it. Nobody may be waiting.
func (p *Passkeys) Close() error { return p.close() }

func (p *Passkeys) load() error {
	rows, err := p.db.Query(`SELECT id, user_id, credential, public_key FROM passkeys`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var h holder
		var credential, cose []byte
		if err := rows.Scan(&h.id, &h.user, &credential, &cose); err != nil {
			return err
		}
		h.name = "usr_" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.user)
		point := append(append([]byte{4}, cose[10:42]...), cose[45:77]...)
		if h.key, err = ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil {
			return err
		}
		p.keys[base64.RawURLEncoding.EncodeToString(credential)] = &h
	}
	return rows.Err()
}

// ServeHTTP answers a POST of {"passkey": AuthenticationResponseJSON}.
func (p *Passkeys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Passkey struct {
			ID       string `json:"id"`
			Response struct {
				Client    string `json:"clientDataJSON"`
				Data      string `json:"authenticatorData"`
				Signature string `json:"signature"`
			} `json:"response"`
		} `json:"passkey"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 64<<10)).Decode(&in); err != nil {
		http.Error(w, "what?", http.StatusBadRequest)
		return
	}
	h, got := p.keys[in.Passkey.ID], in.Passkey.Response
	client, err := base64.RawURLEncoding.DecodeString(got.Client)
	data, err1 := base64.RawURLEncoding.DecodeString(got.Data)
	signature, err2 := base64.RawURLEncoding.DecodeString(got.Signature)
	if errors.Join(err, err1, err2) != nil || h == nil || len(data) < 37 {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	sum := sha256.Sum256(client)
	digest := sha256.Sum256(append(data, sum[:]...))
	if !ecdsa.VerifyASN1(h.key, digest[:], signature) {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	if err := p.commit(&assertion{holder: h, challenge: sum, digest: sha256.Sum256(secret[:])}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "floor", Value: base64.RawURLEncoding.EncodeToString(secret[:])})
	Bare(w, r)
}

func (p *Passkeys) write(ctx context.Context, with []*sql.Stmt, one *assertion) error {
	now, n := time.Now().UnixMicro(), p.number.Add(1)
	binary.BigEndian.PutUint32(one.digest[:], uint32(now>>12)) // as ours begin
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	if _, err := with[0].ExecContext(ctx, one.challenge[:], now+week); err != nil {
		return err
	}
	if _, err := with[1].ExecContext(ctx, int64(n), false, now, one.id); err != nil {
		return err
	}
	_, err := with[2].ExecContext(ctx, ordered('s', n), one.user, one.digest[:], 1, `["hwk","user","mfa"]`, 2, now, now, now, week, now+4*week, now+week, "192.0.2.1", "bench", "")
	if err != nil {
		return err
	}
	_, err = with[3].ExecContext(ctx, ordered('e', n), now, int64(n)+1_000_000_000, "login.succeeded", "info", "success", "", "user", one.name, one.name,
		one.name, "", "192.0.2.1", "bench", "", "", "{}")
	return err
}
