package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/internal/bearer"
	"github.com/mortise-auth/mortise/internal/feed"
	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

const (
	tokenIssuer   = "https://id.example.com"
	tokenAudience = "https://api.example.com"
)

const rounds, quickRounds = 11, 5 // of a race

// issuer signs access tokens with one key.
type issuer struct {
	alg    jose.Algorithm
	signer crypto.Signer
	key    jose.PrivateKey
}

func newIssuer(alg jose.Algorithm) (*issuer, error) {
	i := &issuer{alg: alg}
	var err error
	switch alg {
	case jose.EdDSA:
		_, i.signer, err = ed25519.GenerateKey(nil)
	case jose.ES256:
		i.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		i.signer, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return nil, err
	}
	i.key, err = jose.NewPrivateKey(alg, i.signer)
	return i, err
}

// claims of a usual access token; n makes it another one.
func (*issuer) claims(n int) *jwt.Access {
	now := time.Now().Unix()
	return &jwt.Access{
		Issuer: tokenIssuer, Subject: "usr_01kaq2v5x8f9s3t7w1yc4n6h0e", ClientID: "web-shop", Audience: []string{tokenAudience},
		ID: fmt.Sprintf("jti_01kaq2v5x8f9s3t7w1yc4%05d", n), Expiry: now + 600, IssuedAt: now, NotBefore: now,
		Session: "ses_01kaq2v5x8f9s3t7w1yc4n6h0f", Grant: "gnt_01kaq2v5x8f9s3t7w1yc4n6h0g", Scope: "orders:read orders:write profile",
		AuthTime: now - 60, ACR: "aal2", AMR: []string{"pwd", "otp"}, Roles: []string{"buyer", "seller"}, UserVersion: 3, ClientVersion: 1,
	}
}

func (i *issuer) mint(n int) (string, error) {
	return i.key.Sign(jwt.TypeAccess, i.claims(n).Append(make([]byte, 0, 1024)))
}

// contender is one way to do the same thing.
type contender struct {
	name string
	do   func(n int) error
	took []float64 // ns of processor time a call, one a round
	objs float64
}

// race lets all take turns, so that what disturbs one disturbs all.
func (b *bench) race(calls int, all []*contender) error {
	for range b.rounds(rounds, quickRounds) {
		for _, c := range all {
			ns, objs, err := c.turn(calls)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.took, c.objs = append(c.took, ns), objs
		}
	}
	return nil
}

func (c *contender) turn(calls int) (ns, objs float64, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := threadCPU()
	for n := range calls {
		if err := c.do(n); err != nil {
			return 0, 0, err
		}
	}
	spent := threadCPU() - begun
	runtime.ReadMemStats(&after)
	return float64(spent) / float64(calls), float64(after.Mallocs-before.Mallocs) / float64(calls), nil
}

// above is the median of how much more c took than other in the same round.
func (c *contender) above(other *contender) float64 {
	d := make([]float64, len(c.took))
	for i := range d {
		d[i] = c.took[i] - other.took[i]
	}
	return median(d)
}

// typical is the median of a call's cost, in ns.
func (c *contender) typical() float64 { return median(slices.Clone(c.took)) }

// slower says of each how it compares with c, and whether c beat them all.
func (c *contender) slower(others []*contender) (string, bool) {
	said, won := make([]string, len(others)), true
	for i, other := range others {
		margin := other.above(c)
		won = won && margin > 0
		said[i] = fmt.Sprintf("%s %s, %.0f allocations", other.name, micros(other.typical()), other.objs)
	}
	return strings.Join(said, "; "), won
}

func micros(ns float64) string { return fmt.Sprintf("%.2f µs", ns/1e3) }

// tokens measures the leaves that every check of a token passes through.
func tokens(b *bench) error {
	entries := revocations(b.rounds(1_000_000, 100_000))
	live, err := b.liveSet(entries)
	if err != nil {
		return err
	}
	for _, alg := range []jose.Algorithm{jose.EdDSA, jose.ES256, jose.RS256} {
		i, err := newIssuer(alg)
		if err != nil {
			return err
		}
		if err := b.unseen(i, live); err != nil {
			return err
		}
		if alg == jose.RS256 {
			continue // an RSA signature takes a millisecond: nothing to see beside it
		}
		if err := b.minting(i); err != nil {
			return err
		}
	}
	i, err := newIssuer(jose.EdDSA)
	if err != nil {
		return err
	}
	return b.seen(i, live, entries)
}

// unseen checks tokens that nobody has checked before: their signature and claims
// alone, and as users do, with masks, live set and a place in the memory.
func (b *bench) unseen(i *issuer, live *feed.Set) error {
	texts := make([]string, 500)
	for n := range texts {
		var err error
		if texts[n], err = i.mint(n); err != nil {
			return err
		}
	}
	keys, now := jose.NewKeySet(i.key.Public()), time.Now()
	leaf := &contender{name: "signature and claims", do: func(n int) error {
		_, err := jwt.VerifyAccess(texts[n], keys, jwt.Expect{Issuer: tokenIssuer, Audience: tokenAudience, Now: now})
		return err
	}}
	bare := &contender{name: "floor", do: func(n int) error {
		_, err := floor.Token(texts[n], i.signer.Public(), now)
		return err
	}}
	checkers := make([]*bearer.Checker, b.rounds(rounds, quickRounds)) // one a round, or it would know the tokens
	for n := range checkers {
		var err error
		if checkers[n], err = newChecker(i, live); err != nil {
			return err
		}
	}
	var checker *bearer.Checker
	whole := &contender{name: "whole", do: func(n int) error {
		if n == 0 {
			checker, checkers = checkers[0], checkers[1:]
		}
		_, err := checker.Check(texts[n])
		return err
	}}
	others, err := rivals(i, texts)
	if err != nil {
		return err
	}
	if err := b.race(len(texts), append([]*contender{whole, bare, leaf}, others...)); err != nil {
		return err
	}
	said := ""
	for _, one := range []struct {
		*contender
		what string
	}{{whole, "verify a JWT not seen before, " + string(i.alg)}, {leaf, "the same without live set, masks and memory"}} {
		more := one.above(bare)
		var won bool
		said, won = one.slower(others)
		b.add(row{
			one.what, fmt.Sprintf("%s, %.1f allocations", micros(one.typical()), one.objs),
			fmt.Sprintf("%s, %.1f allocations", micros(bare.typical()), bare.objs), fmt.Sprintf("%+.2f µs", more/1e3),
			"≤ 10 µs above, ≤ 20 allocations, faster than the rivals", judge(more <= 10_000 && one.objs <= 20 && won),
		})
	}
	b.note("verify a JWT not seen before, %s, rivals in the same run: %s", i.alg, said)
	return nil
}

// minting signs access tokens.
func (b *bench) minting(i *issuer) error {
	claims := i.claims(0)
	payload := claims.Append(nil)
	ours := &contender{name: "ours", do: func(int) error {
		_, err := i.key.Sign(jwt.TypeAccess, claims.Append(make([]byte, 0, 1024)))
		return err
	}}
	bare := &contender{name: "floor", do: func(int) error {
		if i.alg == jose.EdDSA {
			_, err := i.signer.Sign(nil, payload, crypto.Hash(0))
			return err
		}
		digest := sha256.Sum256(payload)
		_, err := i.signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	}}
	if err := b.race(500, []*contender{ours, bare}); err != nil {
		return err
	}
	more := ours.above(bare)
	b.add(row{
		fmt.Sprintf("mint an access token, %s", i.alg), fmt.Sprintf("%s, %.1f allocations", micros(ours.typical()), ours.objs),
		fmt.Sprintf("%s (the signature)", micros(bare.typical())), fmt.Sprintf("%+.2f µs", more/1e3), "≤ 10 µs above", judge(more <= 10_000),
	})
	return nil
}

func newChecker(i *issuer, live *feed.Set) (*bearer.Checker, error) {
	return bearer.New(bearer.Options{
		Issuer: tokenIssuer, Audiences: []string{tokenAudience}, Keys: jose.NewKeySet(i.key.Public()), Live: live,
		MaskKey: audienceKey, Now: time.Now,
	})
}
