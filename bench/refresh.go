package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/bench/floor"
)

const chains = 64

// post is a prepared form of an authenticated client.
func post(host, path, id, secret, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Authorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s",
		path, host, base64.StdEncoding.EncodeToString([]byte(id+":"+secret)), len(body), body)
}

// spinner turns chains of refresh tokens on a server, one connection each.
type spinner struct {
	addr string
	cpu  func() time.Duration // spent so far for the server
	now  []string             // the newest token of each chain
}

func (b *bench) spinner(p *process, tokens []string) *spinner {
	return &spinner{p.addr, func() time.Duration { return cpuOf(p.pid()) }, tokens}
}

// spin rotates each chain as often as it can in span.
func (s *spinner) spin(span time.Duration) (cost, error) {
	var rotations atomic.Int64
	errs := make([]error, len(s.now))
	begun, spent := time.Now(), s.cpu()
	var wg sync.WaitGroup
	for i := range s.now {
		wg.Go(func() {
			n, err := s.chain(i, begun.Add(span))
			rotations.Add(int64(n))
			errs[i] = err
		})
	}
	wg.Wait()
	took, used, n := time.Since(begun), s.cpu()-spent, float64(rotations.Load())
	return cost{float64(used) / 1e3 / n, n / took.Seconds()}, errors.Join(errs...)
}

func (s *spinner) chain(i int, until time.Time) (n int, err error) {
	c, err := dial(s.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.keep = true
	for time.Now().Before(until) {
		r, err := c.do(post(s.addr, "/oauth2/token", clientID, clientSecret, "grant_type=refresh_token&refresh_token="+url.QueryEscape(s.now[i])))
		if err != nil {
			return n, err
		}
		next, ok := member(c.body, "refresh_token")
		_, id := member(c.body, "id_token")
		if r.status != http.StatusOK || !ok || !id {
			return n, fmt.Errorf("chain %d broke after %d rotations: %d %.200s", i, n, r.status, c.body)
		}
		s.now[i] = next
		n++
	}
	return n, nil
}

// member is a text of a flat JSON object, without escapes.
func member(body []byte, name string) (string, bool) {
	_, rest, ok := bytes.Cut(body, []byte(`"`+name+`":"`))
	if !ok {
		return "", false
	}
	value, _, ok := bytes.Cut(rest, []byte(`"`))
	return string(value), ok
}

// refreshing measures durable rotation over HTTP.
func refreshing(b *bench) error {
	ours, stop, err := b.rotor("refresh")
	if err != nil {
		return err
	}
	defer stop()
	bare, stopBare, err := b.bareRotor()
	if err != nil {
		return err
	}
	defer stopBare()
	span := time.Duration(b.rounds(1500, 700)) * time.Millisecond
	var cpu, floors, ratio, rates, floorRates []float64
	for range b.rounds(9, 5) {
		f, err := bare.spin(span)
		o, err1 := ours.spin(span)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		cpu, floors, ratio = append(cpu, o.cpu), append(floors, f.cpu), append(ratio, o.cpu/f.cpu)
		rates, floorRates = append(rates, o.rate), append(floorRates, f.rate)
	}
	x, rate := median(ratio), median(rates)
	b.add(
		row{
			"refresh rotation over HTTP, durable (SQLite FULL), EdDSA access + ID token, CPU", fmt.Sprintf("%.0f µs", median(cpu)),
			fmt.Sprintf("%.0f µs", median(floors)), times(x), "≤ 1.6 ×", judge(x <= 1.6),
		},
		row{
			fmt.Sprintf("the same, %d chains, none broken", chains), fmt.Sprintf("%.0f/s", rate), fmt.Sprintf("%.0f/s", median(floorRates)),
			fmt.Sprintf("%.0f %%", 100*rate/median(floorRates)), "≥ 1,000/s, no error", judge(rate >= 1000),
		},
	)
	return nil
}

// rotor is our server with fresh chains.
func (b *bench) rotor(name string) (*spinner, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, nil, err
	}
	dir, issued, err := b.folder(name, addr, chains)
	if err != nil {
		return nil, nil, err
	}
	p, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return nil, nil, err
	}
	tokens := make([]string, len(issued))
	for i := range issued {
		tokens[i] = issued[i].refresh
	}
	return b.spinner(p, tokens), p.stop, nil
}

// bareRotor is the floor, on a database of the same shape.
func (b *bench) bareRotor() (*spinner, func(), error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, nil, err
	}
	dir, issued, err := b.folder("refresh-floor", addr, chains)
	if err != nil {
		return nil, nil, err
	}
	p, err := b.serverAt(addr, "refresh", nil, dir)
	if err != nil {
		return nil, nil, err
	}
	tokens := make([]string, len(issued))
	for i := range issued {
		tokens[i] = floor.FirstToken(issued[i].grant)
	}
	return b.spinner(p, tokens), p.stop, nil
}
