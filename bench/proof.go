package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// prover makes proofs of possession (RFC 9449) with one ES256 key.
type prover struct {
	key   *ecdsa.PrivateKey
	head  string
	nonce string // of the server, once it has given one
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func newProver() (*prover, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	head := fmt.Sprintf(`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}}`, b64(point[1:33]), b64(point[33:]))
	return &prover{key: key, head: b64([]byte(head)) + "."}, nil
}

// proof is one for a request now; token is what it goes with, if anything.
func (p *prover) proof(method, target, token string) (string, error) {
	with := ""
	if token != "" {
		d := sha256.Sum256([]byte(token))
		with = `,"ath":"` + b64(d[:]) + `"`
	}
	input := p.head + b64(fmt.Appendf(nil, `{"jti":"%s","htm":"%s","htu":"%s","iat":%d,"nonce":"%s"%s}`, rand.Text(), method, target, time.Now().Unix(), p.nonce, with))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + b64(signature[:]), nil
}

// proven makes requests that each carry a proof of their own, made just before.
func (p *prover) proven(request []byte, method, target, token string) func(int) ([][]byte, error) {
	return func(n int) ([][]byte, error) {
		all := make([][]byte, n)
		err := each(n, func(i int) error {
			proof, err := p.proof(method, target, token)
			all[i] = bytes.Replace(request, []byte("User-Agent: bench\r\n"), []byte("User-Agent: bench\r\nDPoP: "+proof+"\r\n"), 1)
			return err
		})
		return all, err
	}
}

// proving measures what proofs of possession cost, beside the same requests without.
func proving(b *bench) error {
	const n, conns = 1500, 8
	host, e, stop, err := b.open("proof", plan{apps: 10, people: 10, tokens: 10}, 0)
	if err != nil {
		return err
	}
	defer stop()
	p, err := newProver()
	if err != nil {
		return err
	}
	base := "http://" + e.host
	if err := p.learn(base); err != nil {
		return err
	}
	bare := e.wages(e.host, robots[0])
	err = b.proofRow("client_credentials, JWT, EdDSA", b.supply(host, `"token_type":"DPoP"`, p.proven(bare[0], "POST", base+"/oauth2/token", "")),
		b.supply(host, `"token_type":"Bearer"`, cycle(bare)), n, conns)
	if err != nil {
		return err
	}
	bound, err := e.bind(p)
	if err != nil {
		return err
	}
	request := bytes.Replace(carrying(e.host, "/oauth2/userinfo", bound), []byte("Authorization: Bearer"), []byte("Authorization: DPoP"), 1)
	return b.proofRow("UserInfo, a JWT seen before", b.supply(host, told, p.proven(request, "GET", base+"/oauth2/userinfo", bound)),
		b.supply(host, told, cycle(e.tellings(e.host, e.access))), n, conns)
}

// learn asks for a nonce, as every client of a server does once in a while.
func (p *prover) learn(base string) error {
	proof, err := p.proof(http.MethodPost, base+"/oauth2/token", "")
	if err != nil {
		return err
	}
	q, err := http.NewRequest(http.MethodPost, base+"/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return err
	}
	q.SetBasicAuth("app-00000", clientSecret)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set("DPoP", proof)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	p.nonce = resp.Header.Get("DPoP-Nonce")
	return resp.Body.Close()
}

func (b *bench) proofRow(what string, ours, bare *supply, n, conns int) error {
	o, f, x, err := b.inTurns(ours, bare, n, conns)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	b.add(row{what + ", with a new DPoP proof (ES256), CPU", fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs without", f), times(x), "–", info})
	return nil
}

// bind refreshes a person's tokens with a proof, which binds the access token.
func (e *estate) bind(p *prover) (string, error) {
	c, err := dial(e.host)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.keep = true
	w := &walker{conn: c, e: e}
	request := string(w.form("/oauth2/token", "grant_type=refresh_token&refresh_token="+url.QueryEscape(e.refresh[0])))
	proof, err := p.proof("POST", "http://"+e.host+"/oauth2/token", "")
	if err != nil {
		return "", err
	}
	err = w.expect([]byte(strings.Replace(request, "User-Agent: bench\r\n", "User-Agent: bench\r\nDPoP: "+proof+"\r\n", 1)), http.StatusOK, `"token_type":"DPoP"`)
	text, _ := member(w.body, "access_token")
	return text, err
}
