package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mortise-auth/mortise"
	"github.com/mortise-auth/mortise/bench/floor"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// bearers measures a warm access token behind Require, in-process and over
// connections.
func bearers(b *bench) error {
	return firstOf(b.bearerInProcess(), b.bearerOverLoopback())
}

func (b *bench) bearerInProcess() error {
	st, err := sqlite.Memory(b.ctx, sqlite.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	issued, err := hand(b.ctx, st, "localhost", 1)
	if err != nil {
		return err
	}
	srv, err := mortise.New(b.ctx, mortise.Config{URL: "http://localhost", SecretKey: master, Logger: quiet()}, st)
	if err != nil {
		return err
	}
	stop := background(b.ctx, srv.Run)
	defer stop()
	time.Sleep(50 * time.Millisecond) // the first proof of freshness

	bare := http.HandlerFunc(floor.Bare)
	required := srv.Require()(bare)
	r, err := http.NewRequestWithContext(b.ctx, http.MethodGet, "/private", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+issued[0].own)
	refused := &status{sink: sink{make(http.Header)}}
	if required.ServeHTTP(refused, r); refused.wrong > 0 {
		return fmt.Errorf("the token was refused: %v", refused.h)
	}
	var ours, floors, above, objects []float64
	for range b.rounds(15, 7) {
		f, fa := perCall(bare, r)
		o, oa := perCall(required, r)
		ours, floors, above, objects = append(ours, o), append(floors, f), append(above, o-f), append(objects, oa-fa)
	}
	ns, allocs := median(above), median(objects)
	b.add(row{
		"warm access token in `Require`, in-process", fmt.Sprintf("%.0f ns", median(ours)), fmt.Sprintf("%.0f ns", median(floors)),
		fmt.Sprintf("+%.0f ns, +%.0f allocations", ns, allocs), "≤ 1 µs and ≤ 2 allocations above", judge(ns <= 1000 && allocs <= 2),
	})
	return nil
}

// carrying is a prepared GET with an access token.
func carrying(host, path, token string) []byte {
	return []byte(strings.Replace(string(get(host, path, "")), "\r\n\r\n", "\r\nAuthorization: Bearer "+token+"\r\n\r\n", 1))
}

func (b *bench) bearerOverLoopback() error {
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	dir, issued, err := b.folder("bearer", addr, 1)
	if err != nil {
		return err
	}
	host, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return err
	}
	defer host.stop()
	bare, err := b.server("token", issued[0].own)
	if err != nil {
		return err
	}
	defer bare.stop()
	x, o, f, err := b.turns(host, bare, carrying(host.addr, "/private", issued[0].own), carrying(bare.addr, "/private", issued[0].own))
	if err != nil {
		return err
	}
	b.add(row{
		"the same over loopback, CPU of a request", fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs (SHA-256, map)", f), times(x),
		"≤ 1.3 × a bare check", judge(x <= 1.3),
	})
	return nil
}

// turns sends one request to ours and one to the floor, in turns.
func (b *bench) turns(ours, bare *process, request, floorRequest []byte) (ratio, o, f float64, err error) {
	span := time.Duration(b.rounds(1000, 500)) * time.Millisecond
	var os, fs, ratios []float64
	for range b.rounds(9, 5) {
		f, err := costOf(bare, floorRequest, span)
		o, err1 := costOf(ours, request, span)
		if err := firstOf(err, err1); err != nil {
			return 0, 0, 0, err
		}
		os, fs, ratios = append(os, o.cpu), append(fs, f.cpu), append(ratios, o.cpu/f.cpu)
	}
	return median(ratios), median(os), median(fs), nil
}

// costOf sends one request as often as 8 connections can.
func costOf(p *process, request []byte, span time.Duration) (cost, error) {
	begun := cpuOf(p.pid())
	done, err := load(p.addr, request, 8, span, 0, false)
	if err == nil && done.wrong > 0 {
		err = fmt.Errorf("%d of %d requests were not answered 200", done.wrong, done.requests)
	}
	if err != nil {
		return cost{}, err
	}
	return cost{float64(cpuOf(p.pid())-begun) / 1e3 / float64(done.requests), done.rate()}, nil
}
