package main

import (
	"bytes"
	"fmt"
	"net/http"
)

// redeemed is what an answer to a code has at its end.
const redeemed = `"id_token":"`

// redeeming measures code → tokens: a code spent, an access, an ID and a refresh
// token made, all of it on the disk before the answer.
func redeeming(b *bench) error {
	const n, conns = 1500, chains
	p := plan{apps: 10, people: 1000, codes: b.needed(n)}
	host, e, stop, err := b.open("code", p, 0)
	if err != nil {
		return err
	}
	defer stop()
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	dir, like, err := b.estate("code-floor", addr, p)
	if err != nil {
		return err
	}
	bare, err := b.serverAt(addr, "code", nil, dir)
	if err != nil {
		return err
	}
	defer bare.stop()
	o, f, x, err := b.inTurns(b.supply(host, redeemed, once(e.redemptions(e.host, e.given))),
		b.supply(bare, redeemed, once(like.redemptions(addr, like.kept))), n, conns)
	if err != nil {
		return err
	}
	b.add(row{
		"code → tokens over HTTP, durable (SQLite FULL), EdDSA access + ID + refresh token, CPU", fmt.Sprintf("%.0f µs", o), fmt.Sprintf("%.0f µs", f),
		times(x), "≤ 1.6 ×", judge(x <= 1.6),
	})
	return nil
}

// open starts a server with an estate; more is how many grants it has beside.
func (b *bench) open(name string, p plan, more int) (*process, *estate, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, nil, nil, err
	}
	dir, e, err := b.estate(name, addr, p)
	if err == nil && more > 0 {
		err = grow(b.ctx, dir, more)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	host, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return nil, nil, nil, err
	}
	return host, e, host.stop, nil
}

// told is what an answer of UserInfo has at its end.
const told = `"email_verified":true`

// telling measures UserInfo, with tokens that were seen before and with others.
func telling(b *bench) error {
	const n, seen, conns = 1500, 64, 8
	host, e, stop, err := b.open("userinfo", plan{apps: 10, people: 1000, tokens: seen + b.needed(n)}, 0)
	if err != nil {
		return err
	}
	defer stop()
	bare, err := b.server("userinfo", e.access[:seen]...)
	if err != nil {
		return err
	}
	defer bare.stop()
	floors := b.supply(bare, told, cycle(e.tellings(bare.addr, e.access[:seen])))
	o, f, x, err := b.inTurns(b.supply(host, told, cycle(e.tellings(e.host, e.access[:seen]))), floors, 4*n, conns)
	if err != nil {
		return err
	}
	b.add(row{"UserInfo over HTTP, a JWT seen before, CPU", fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs", f), times(x), "≤ 1.8 × a bare UserInfo", judge(x <= 1.8)})
	return b.tellingAnew(host, e, floors, seen, n, conns)
}

// tellingAnew measures tokens that nobody has seen yet. What a check costs is what
// a bare UserInfo that checks costs more than one that remembers.
func (b *bench) tellingAnew(host *process, e *estate, remembering *supply, seen, n, conns int) error {
	_, keys, err := fetch("http://"+e.host+"/oauth2/jwks", http.Header{})
	if err != nil {
		return err
	}
	_, rest, _ := bytes.Cut(keys, []byte("Ed25519"))
	key, _ := member(rest, "x")
	if key == "" {
		key, _ = member(keys, "x")
	}
	bare, err := b.server("check-userinfo", key)
	if err != nil {
		return err
	}
	defer bare.stop()
	fresh := e.tellings(e.host, e.access[seen:])
	ours, checking := b.supply(host, told, once(fresh)), b.supply(bare, told, cycle(e.tellings(bare.addr, e.access[seen:])))
	var os, fs, checks, over []float64
	for range b.rounds(9, 5) {
		f, err := remembering.spend(n, conns)
		c, err1 := checking.spend(n, conns)
		o, err2 := ours.spend(n, conns)
		if err := firstOf(err, err1, err2); err != nil {
			return err
		}
		check := c.cpu - f.cpu
		os, fs, checks, over = append(os, o.cpu), append(fs, f.cpu), append(checks, check), append(over, (o.cpu-1.8*f.cpu)/check)
	}
	x := median(over)
	b.add(row{
		"UserInfo over HTTP, a JWT not seen before, CPU", fmt.Sprintf("%.1f µs", median(os)), fmt.Sprintf("%.1f µs + %.1f for the check of a JWT", median(fs), median(checks)),
		fmt.Sprintf("1.8 × + %.2f checks", x), "≤ 1.8 × a bare UserInfo + 1.1 checks", judge(x <= 1.1),
	})
	return nil
}
