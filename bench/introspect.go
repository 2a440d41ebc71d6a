package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"
)

// introspecting measures what a verifier pays for asking us.
func introspecting(b *bench) error {
	const few = 1000
	size := b.rounds(1_000_000, 100_000)
	small, stop, err := b.informant("introspect-few", few, 0)
	if err != nil {
		return err
	}
	defer stop()
	large, stopLarge, err := b.informant("introspect-many", few, size-few)
	if err != nil {
		return err
	}
	defer stopLarge()
	bare, stopBare, err := b.bareInformant(small)
	if err != nil {
		return err
	}
	defer stopBare()
	if err := firstOf(b.informantRow("opaque", small.opaque, bare.opaque), b.informantRow("JWT", small.jwts, bare.jwts)); err != nil {
		return err
	}
	return b.crowdRow(size, small.opaque, large.opaque)
}

// informant is a server and prepared questions to it.
type informant struct{ opaque, jwts questions }

type questions struct {
	addr string
	cpu  func() time.Duration
	all  [][]byte
	want string // in every answer
}

const alive = `"active":true`

func introspection(addr, token string) []byte {
	return post(addr, "/oauth2/introspect", verifierID, verifierSecret, "token="+token)
}

func (b *bench) informant(name string, n, more int) (informant, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return informant{}, nil, err
	}
	dir, issued, err := b.folder(name, addr, n)
	if err != nil {
		return informant{}, nil, err
	}
	if more > 0 {
		if err := multiply(b.ctx, filepath.Join(dir, "mortise.db"), more); err != nil {
			return informant{}, nil, err
		}
	}
	p, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return informant{}, nil, err
	}
	return informantOf(addr, func() time.Duration { return cpuOf(p.pid()) }, issued), p.stop, nil
}

func informantOf(addr string, cpu func() time.Duration, issued []issue) informant {
	q := questions{addr: addr, cpu: cpu, want: alive}
	o := informant{q, q}
	for i := range issued {
		o.opaque.all = append(o.opaque.all, introspection(addr, issued[i].opaque))
		if i < 64 {
			o.jwts.all = append(o.jwts.all, introspection(addr, issued[i].jwt))
		}
	}
	return o
}

// bareInformant answers the same questions.
func (b *bench) bareInformant(like informant) (o informant, stop func(), err error) {
	var tokens []string
	for _, q := range append(like.opaque.all[:len(like.opaque.all):len(like.opaque.all)], like.jwts.all...) {
		_, token, _ := bytes.Cut(q, []byte("token="))
		tokens = append(tokens, string(token))
	}
	p, err := b.server("introspect", tokens...)
	if err != nil {
		return o, nil, err
	}
	cpu := func() time.Duration { return cpuOf(p.pid()) }
	o.opaque, o.jwts = questions{p.addr, cpu, nil, alive}, questions{p.addr, cpu, nil, alive}
	for i, t := range tokens {
		if i < len(like.opaque.all) {
			o.opaque.all = append(o.opaque.all, introspection(p.addr, t))
		} else {
			o.jwts.all = append(o.jwts.all, introspection(p.addr, t))
		}
	}
	return o, p.stop, nil
}

// ask sends the questions in turn over 8 connections.
func (q questions) ask(span time.Duration) (cost, error) {
	const conns = 8
	var mu sync.Mutex
	asked, errs := 0, make([]error, conns)
	begun, spent := time.Now(), q.cpu()
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() {
			n, err := q.loop(i*len(q.all)/conns, begun.Add(span))
			mu.Lock()
			defer mu.Unlock()
			asked += n
			errs[i] = err
		})
	}
	wg.Wait()
	took, used := time.Since(begun), q.cpu()-spent
	return cost{float64(used) / 1e3 / float64(asked), float64(asked) / took.Seconds()}, errors.Join(errs...)
}

func (q questions) loop(at int, until time.Time) (n int, err error) {
	c, err := dial(q.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.keep = true
	for ; time.Now().Before(until); n++ {
		r, err := c.do(q.all[(at+n)%len(q.all)])
		if err != nil {
			return n, err
		}
		if r.status != http.StatusOK || !bytes.Contains(c.body, []byte(q.want)) {
			return n, fmt.Errorf("answered %d %.200s", r.status, c.body)
		}
	}
	return n, nil
}

// beside asks two servers in turns: of each the usual cost, and of ours how many
// times that of the other.
func (b *bench) beside(ours, other questions) (o, f, ratio float64, err error) {
	span := time.Duration(b.rounds(1000, 500)) * time.Millisecond
	var os, fs, ratios []float64
	for _, q := range []questions{ours, other} { // warm
		if _, err := q.ask(span / 2); err != nil {
			return 0, 0, 0, err
		}
	}
	for range b.rounds(9, 5) {
		f, err := other.ask(span)
		o, err1 := ours.ask(span)
		if err := firstOf(err, err1); err != nil {
			return 0, 0, 0, err
		}
		os, fs, ratios = append(os, o.cpu), append(fs, f.cpu), append(ratios, o.cpu/f.cpu)
	}
	return median(os), median(fs), median(ratios), nil
}

func (b *bench) informantRow(what string, ours, bare questions) error {
	o, f, x, err := b.beside(ours, bare)
	if err != nil {
		return err
	}
	b.add(row{
		fmt.Sprintf("introspection over HTTP, warm, client authenticated, %s, CPU", what), fmt.Sprintf("%.1f µs", o),
		fmt.Sprintf("%.1f µs", f), times(x), "≤ 2 × a bare introspection", judge(x <= 2),
	})
	return nil
}

func (b *bench) crowdRow(size int, few, many questions) error {
	o, f, x, err := b.beside(many, few)
	if err != nil {
		return err
	}
	b.add(row{
		fmt.Sprintf("the same among %d live tokens and revocations, opaque, CPU", size), fmt.Sprintf("%.1f µs", o),
		fmt.Sprintf("%.1f µs among %d", f, len(few.all)), times(x), "≤ 1.25 ×", judge(x <= 1.25),
	})
	return nil
}

// More opaque tokens, and as many revocations that can still concern a token.
var multiplied = []string{
	`CREATE TEMP TABLE crowd AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT i, randomblob(32) AS digest FROM n`,
	`INSERT INTO access_tokens (digest, id, grant_id, audiences, scope, jkt, x5t, issued_at, expires_at) SELECT c.digest, randomblob(16), t.grant_id, t.audiences, t.scope, t.jkt, t.x5t, t.issued_at, t.expires_at
		FROM crowd c, (SELECT * FROM access_tokens LIMIT 1) t ORDER BY c.digest`,
	`INSERT INTO revocations (number, kind, value, version, at, until, audiences)
		SELECT h.number + c.i, 'gid', substr(c.digest, 1, 16), 0, ?1, ?2, '[]' FROM crowd c, (SELECT number FROM heads WHERE name = 'revocation') h`,
	`UPDATE heads SET number = (SELECT max(number) FROM revocations) WHERE name = 'revocation'`,
}

func multiply(ctx context.Context, path string, n int) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(OFF)&_pragma=cache_size(-400000)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	args := [][]any{{n}, nil, {time.Now().UnixMicro(), time.Now().Add(time.Hour).UnixMicro()}, nil}
	for i, stmt := range multiplied {
		if _, err := db.ExecContext(ctx, stmt, args[i]...); err != nil {
			return fmt.Errorf("%.40s: %w", stmt, err)
		}
	}
	return checkpoint(ctx, db)
}
