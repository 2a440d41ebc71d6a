package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/instance"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// callbacks measures the way from a service's callback to a session on the disk.
func callbacks(b *bench) error {
	const people, n, conns = 100, 400, 8
	upstream, err := freeAddr()
	addr, err1 := freeAddr()
	if err := firstOf(err, err1); err != nil {
		return err
	}
	up, err := b.serverAt(upstream, "idp", nil)
	if err != nil {
		return err
	}
	defer up.stop()
	dir := filepath.Join(b.tmp, "callback")
	if _, err := b.seed(dir, 1); err != nil {
		return err
	}
	if err := firstOf(b.inaugurate(dir), b.connect(dir, 1, "http://"+upstream)); err != nil {
		return err
	}
	t := &travellers{addr: addr, devices: make([]string, people)}
	host, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return err
	}
	err = t.settle()
	host.stop()
	if err != nil {
		return err
	}
	copied := filepath.Join(b.tmp, "callback-floor")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		return err
	}
	if host, err = b.serverAt(addr, "host", nil, dir, master); err != nil {
		return err
	}
	defer host.stop()
	bare, err := b.server("callback", copied, "http://"+upstream)
	if err != nil {
		return err
	}
	defer bare.stop()
	ours, floor := b.supply(host, "", t.callbacks), b.supply(bare, "", t.bare(bare.addr))
	ours.status, floor.status = http.StatusSeeOther, http.StatusSeeOther
	o, f, x, err := b.inTurns(ours, floor, n, conns)
	if err != nil {
		return err
	}
	b.add(row{
		"callback of an OpenID provider → session on the disk, CPU", fmt.Sprintf("%.0f µs", o), fmt.Sprintf("%.0f µs", f), times(x), "≤ 2 ×", judge(x <= 2),
	})
	return nil
}

// inaugurate ends the setup of a data folder, before which nobody signs in.
func (b *bench) inaugurate(dir string) error {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	err = st.Instance().CompleteSetup(b.ctx, secret.Digest{}, at, user.Host().Event(instance.SetupCompleted, at, user.ID{}))
	return errors.Join(err, st.Close())
}

// connect adds so many connections to a data folder, the first of them named up and
// with the given issuer.
func (b *bench) connect(dir string, n int, issuer string) error {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	masters, err := keyring.ParseMasters(master)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	keys, err := keyring.Load(b.ctx, st.Keys(), masters, time.Now)
	for i := 0; i < n && err == nil; i++ {
		now := time.Now().UTC().Truncate(time.Microsecond)
		c := federation.Connection{
			ID: federation.NewID(now), Name: fmt.Sprintf("up-%d", i), Kind: federation.OIDC, Enabled: true, Version: 1, CreatedAt: now, UpdatedAt: now,
			Settings: federation.Settings{
				ClientID: "bench", Issuer: fmt.Sprintf("https://issuer-%d.example", i), Trust: []string{"*"}, Provision: federation.Provision{Mode: federation.ProvisionAnyone},
			},
		}
		if i == 0 && issuer != "" {
			c.Name, c.Settings.Issuer = "up", issuer
		}
		c.Secret = federation.Seal(keys, c.ID, secret.NewText("not-a-real-secret"))
		err = st.Federation().Create(b.ctx, c, user.Host().Event(federation.Created, now, user.ID{}))
	}
	return errors.Join(err, st.Close())
}

// travellers are people who come back from the service.
type travellers struct {
	addr    string
	devices []string // the cookie of each one's browser
	trip    int
}

var stay = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 20 * time.Second}

// begin begins a sign-in of person i and returns the request that brings it back.
func (t *travellers) begin(i int) ([]byte, error) {
	t.trip++
	from := fmt.Sprintf("X-Forwarded-For: 100.%d.%d.%d\r\n", 64+t.trip>>16&63, t.trip>>8&255, t.trip&255)
	req, err := http.NewRequest(http.MethodGet, "http://"+t.addr+"/federation/up/start", nil) //nolint:noctx // has a timeout
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Forwarded-For", strings.TrimSpace(strings.TrimPrefix(from, "X-Forwarded-For: ")))
	resp, err := stay.Do(req)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		return nil, fmt.Errorf("start answered %d: %w", resp.StatusCode, err)
	}
	q := to.Query()
	back := url.Values{"state": {q.Get("state")}, "code": {fmt.Sprintf("person%d.%s", i, q.Get("nonce"))}}
	cookies := t.devices[i]
	for _, c := range resp.Cookies() {
		cookies += "; " + c.Name + "=" + c.Value
	}
	request := get(t.addr, "/federation/up/callback?"+back.Encode(), strings.TrimPrefix(cookies, "; "))
	return append(request[:len(request)-2], from+"\r\n"...), nil
}

// settle signs everybody in for the first time and keeps their browsers' cookies, of
// those only that outlive a session.
func (t *travellers) settle() error {
	for i := range t.devices {
		raw, err := t.begin(i)
		if err != nil {
			return err
		}
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return err
		}
		req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", t.addr
		resp, err := stay.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		for _, c := range resp.Cookies() {
			if strings.Contains(c.Name, "device") {
				t.devices[i] = c.Name + "=" + c.Value
			}
		}
		if resp.StatusCode != http.StatusSeeOther || t.devices[i] == "" {
			return fmt.Errorf("callback answered %d to %s with %v", resp.StatusCode, resp.Header.Get("Location"), resp.Cookies())
		}
	}
	return nil
}

func (t *travellers) callbacks(n int) ([][]byte, error) {
	all := make([][]byte, n)
	for k := range all {
		var err error
		if all[k], err = t.begin(k % len(t.devices)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// bare makes the same requests for the floor, which knows no attempts.
func (t *travellers) bare(addr string) func(int) ([][]byte, error) {
	at := 0
	return func(n int) ([][]byte, error) {
		all := make([][]byte, n)
		for k := range all {
			at++
			all[k] = get(addr, fmt.Sprintf("/callback?state=s%042d&code=person%d.n%042d", at, k%len(t.devices), at), "")
		}
		return all, nil
	}
}

// connections measures what a thousand of them cost that nobody uses.
func connections(b *bench) error {
	const most = 1000
	few, many := filepath.Join(b.tmp, "no-connections"), filepath.Join(b.tmp, "connections")
	for _, dir := range []string{few, many} {
		if _, err := b.seed(dir, 100); err != nil {
			return err
		}
	}
	if err := b.connect(many, most, ""); err != nil {
		return err
	}
	if _, err := b.command(); err != nil { // built before the clock runs
		return err
	}
	var took, memory [2][]float64
	for range b.rounds(9, 5) {
		for i, dir := range []string{few, many} {
			p, err := b.boot(dir)
			if err != nil {
				return err
			}
			time.Sleep(time.Second)
			used, err := memoryOf(p.pid())
			p.stop()
			if err != nil {
				return err
			}
			took[i], memory[i] = append(took[i], float64(p.took)/1e6), append(memory[i], float64(used.now))
		}
	}
	// Of start-up the least, since whatever else runs on the machine only adds to it.
	without, with := slices.Min(took[0]), slices.Min(took[1])
	later, larger := with-without, median(memory[1])-median(memory[0])
	b.add(
		row{"1,000 connections: start-up", fmt.Sprintf("%.1f ms", with), fmt.Sprintf("%.1f ms without", without), fmt.Sprintf("%+.1f ms", later), "≤ +10 ms", judge(later <= 10)},
		row{"1,000 connections: memory, idle", mib(int64(median(memory[1]))), mib(int64(median(memory[0]))) + " without", fmt.Sprintf("%+.1f MB", larger/1e6), "≤ +5 MB", judge(larger <= 5e6)},
	)
	return nil
}
