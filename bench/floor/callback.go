package floor

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// Callback is a bare sign-in with another service: it redeems the code that came
// back, checks the ID token's signature and nonce, and commits the rows of attempt,
// link, session and event with those of others. It looks up no connection, attempt,
// account or limit.
type Callback struct {
	token  string // endpoint
	key    *rsa.PublicKey
	client *http.Client
	rows   *arrivals
	links  map[string]linked
}

type linked struct{ user, link []byte }

// OpenCallback serves people with links of the data folder dir, whose service is at
// the given address.
func OpenCallback(dir, service string) (*Callback, error) {
	c := &Callback{token: service + "/token", client: &http.Client{Timeout: 10 * time.Second}, links: map[string]linked{}}
	if err := c.learn(service); err != nil {
		return nil, err
	}
	path := "file:" + filepath.Join(dir, "mortise.db")
	if err := c.people(path); err != nil {
		return nil, err
	}
	var err error
	c.rows, err = openArrivals(path)
	return c, err
}

// Close ends the Callback. Nobody may be waiting.
func (c *Callback) Close() error { return c.rows.close() }

// learn fetches the key of the service.
func (c *Callback) learn(service string) error {
	resp, err := c.client.Get(service + "/keys") //nolint:noctx // at the start of a measurement
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var set struct{ Keys []struct{ N, E string } }
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil || len(set.Keys) != 1 {
		return errors.Join(err, ErrToken)
	}
	n, err := base64.RawURLEncoding.DecodeString(set.Keys[0].N)
	c.key = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	return err
}

func (c *Callback) people(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT CAST(subject AS TEXT), user_id, id FROM links`) //nolint:noctx // at the start of a measurement
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var subject string
		var one linked
		if err := rows.Scan(&subject, &one.user, &one.link); err != nil {
			return err
		}
		c.links[subject] = one
	}
	return rows.Err()
}

func (c *Callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	claims, err := c.redeem(r.Context(), q.Get("code"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	who, known := c.links[claims.Subject]
	if _, nonce, _ := strings.Cut(q.Get("code"), "."); !known || claims.Nonce != nonce || claims.Expiry < time.Now().Unix() {
		http.Error(w, "who?", http.StatusUnauthorized)
		return
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	if err := c.rows.commit(&arrival{who, claims.Subject, sha256.Sum256([]byte(q.Get("state"))), sha256.Sum256(secret[:])}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "floor", Value: base64.RawURLEncoding.EncodeToString(secret[:]), HttpOnly: true})
	w.Header().Set("Location", "/account")
	w.WriteHeader(http.StatusSeeOther)
}

type vouched struct {
	Subject string `json:"sub"`
	Nonce   string `json:"nonce"`
	Expiry  int64  `json:"exp"`
}

// redeem makes the outbound call and the one check of a signature.
func (c *Callback) redeem(ctx context.Context, code string) (out vouched, err error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"x"}, "client_id": {"bench"}, "client_secret": {"s"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.token, strings.NewReader(form.Encode()))
	if err != nil {
		return out, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.client.Do(req)
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return out, err
	}
	var answer struct {
		Token string `json:"id_token"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return out, err
	}
	at := strings.LastIndexByte(answer.Token, '.')
	if at < 0 {
		return out, ErrToken
	}
	signature, err := base64.RawURLEncoding.DecodeString(answer.Token[at+1:])
	if err != nil {
		return out, err
	}
	digest := sha256.Sum256([]byte(answer.Token[:at]))
	if err := rsa.VerifyPKCS1v15(c.key, crypto.SHA256, digest[:], signature); err != nil {
		return out, err
	}
	payload, err := base64.RawURLEncoding.DecodeString(answer.Token[strings.IndexByte(answer.Token, '.')+1 : at])
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(payload, &out)
}

// arrival is one person who came back.
type arrival struct {
	linked
	subject         string
	attempt, digest [32]byte
}

type arrivals struct {
	*group[*arrival]
	number atomic.Uint64
}

const (
	cameBack = `INSERT INTO federation_attempts (digest, kept_until) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING`
	lastUse  = `UPDATE links SET email = ?, verified = 1, session = ?, used_at = ? WHERE id = ?`
	beganAt  = `INSERT INTO session_links (session_id, link_id, sid, acr, amr) VALUES (?, ?, ?, '', '[]')`
)

func openArrivals(path string) (_ *arrivals, err error) {
	a := &arrivals{}
	if a.group, err = openGroup(path, 8192, a.write, cameBack, lastUse, session, beganAt, event); err != nil {
		return nil, err
	}
	return a, a.start()
}

func (a *arrivals) write(ctx context.Context, with []*sql.Stmt, one *arrival) error {
	now, n := time.Now().UnixMicro(), a.number.Add(1)
	const week = int64(7 * 24 * time.Hour / time.Microsecond)
	id := ordered('s', n)
	done, err := with[0].ExecContext(ctx, one.attempt[:], now+week)
	if err != nil {
		return err
	}
	if k, err := done.RowsAffected(); err != nil || k != 1 {
		return errors.Join(err, ErrToken)
	}
	_, err1 := with[1].ExecContext(ctx, one.subject+"@example.org", []byte("sid-"+one.subject), now, one.link)
	_, err2 := with[2].ExecContext(ctx, id, one.user, one.digest[:], 1, `["fed"]`, 1, now, now, now, week, now+4*week, now+week, "192.0.2.1", "bench", "")
	_, err3 := with[3].ExecContext(ctx, id, one.link, []byte("sid-"+one.subject))
	_, err4 := with[4].ExecContext(ctx, ordered('e', n), now, int64(n)+1_000_000_000, "login.succeeded", "info", "success", "", "user", one.subject, one.subject,
		one.subject, "", "192.0.2.1", "bench", "", "", `{"connection":"up"}`)
	return errors.Join(err1, err2, err3, err4)
}
