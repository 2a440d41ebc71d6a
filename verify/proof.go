package verify

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/dpop"
)

const proofAlgorithms = "ES256 EdDSA PS256" // dpop.Algorithms

// binding is the key a token is bound to.
type binding struct {
	bound bool
	jkt   string // empty: to something else than a DPoP key
}

// PublicURL is https://host, or http://host, under which clients reach this service:
// what a DPoP proof says it is for. Behind a proxy that ends TLS or changes Host it
// must be given; by default each request is believed to have come as it says. A path
// is for a prefix that a proxy takes away.
func PublicURL(address string) Option {
	return func(s *settings) { s.public = strings.TrimRight(address, "/") }
}

// RequireNonces makes every DPoP proof need a nonce of this process (RFC 9449,
// section 9), so that proofs cannot be made ahead. Where several processes answer for
// one address a client must ask again whenever it meets another one. Without it a
// nonce is only asked for where this process cannot know that a proof is new: for
// those made before it began.
func RequireNonces() Option { return func(s *settings) { s.nonces = true } }

func (s *settings) checkAddresses() {
	s.check(s.public == "" || isOrigin(s.public), fmt.Errorf("%w: PublicURL %q", ErrOption, s.public))
	s.document()
}

func isOrigin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// newProofs makes the check of proofs. Nonces and memory are of this process.
func newProofs(s *settings) *dpop.Checker {
	var epoch dpop.Epoch
	key := make([]byte, 32)
	_, _ = rand.Read(epoch[:]) // never fails
	_, _ = rand.Read(key)
	return dpop.New(dpop.Options{MAC: macUnder(key), Memory: dpop.NewRecent(epoch, s.now()), Lenient: !s.nonces})
}

func macUnder(key []byte) dpop.MAC {
	return func(purpose string, parts ...[]byte) (sum [32]byte) {
		h := hmac.New(sha256.New, key)
		for _, p := range append([][]byte{[]byte(purpose)}, parts...) {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
			h.Write(p)
		}
		h.Sum(sum[:0])
		return sum
	}
}

var errNoRequest = errors.New("no HTTP request that a proof could be of")

// proven checks a token that came by the scheme DPoP, and the proof with it (OA-82):
// the proof each time, whatever is remembered of the token (TH-20).
func (v *Verifier) proven(ctx context.Context, token string, r *http.Request) (*Identity, error) {
	if r.URL == nil {
		return nil, ErrBound.because(errNoRequest)
	}
	who, b, err := v.any(ctx, token)
	switch {
	case err != nil:
		return nil, err
	case !b.bound:
		return nil, ErrUnbound
	case b.jkt == "":
		return nil, ErrBound
	}
	now := v.now()
	p, err := v.proofs.Check(ctx, r.Header["Dpop"], dpop.Expect{Method: r.Method, URL: v.addressOf(r), Now: now, AccessToken: token})
	if err != nil {
		return nil, unproven(err)
	}
	if subtle.ConstantTimeCompare([]byte(p.JKT), []byte(b.jkt)) != 1 {
		return nil, ErrUnbound
	}
	if err := v.proofs.Use(ctx, p, now); err != nil {
		return nil, unproven(err)
	}
	return who, nil
}

// addressOf is the request's as its client sees it. The path is the one that came
// over the wire: a mux may have cut off its beginning.
func (v *Verifier) addressOf(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path = r.URL.EscapedPath()
	}
	switch {
	case v.public != "":
		return v.public + path
	case r.TLS != nil:
		return "https://" + r.Host + path
	}
	return "http://" + r.Host + path
}

func unproven(err error) *Error {
	var due *dpop.NonceError
	switch {
	case errors.As(err, &due):
		e := ErrNonce.because(err)
		e.nonce = due.Nonce
		return e
	case errors.Is(err, dpop.ErrBusy):
		return ErrUncertain.because(err)
	}
	return ErrProof.because(err)
}

// byDPoP makes a refusal one of the scheme DPoP.
func byDPoP(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	return e.by(true)
}

func (e *Error) by(dpop bool) *Error {
	if e.dpop == dpop {
		return e
	}
	c := *e
	c.dpop = dpop
	return &c
}
