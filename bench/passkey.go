package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/app"
	"github.com/mortise-auth/mortise/internal/keyring"
	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/totp"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/storage/sqlite"
)

// holder is somebody with a passkey, and the cookie of a browser that knows them.
type holder struct {
	account
	key    *authenticator.Authenticator
	device string
}

// keyed makes a data folder with people who have passkeys for the server at addr.
func (b *bench) keyed(dir, addr string, n int) ([]*holder, error) {
	st, err := sqlite.Open(b.ctx, dir, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer st.Close()
	a, err := app.New(b.ctx, wiring("http://"+addr), st)
	if err != nil {
		return nil, err
	}
	people, err := settlers(b.ctx, a, st, n)
	if err != nil {
		return nil, err
	}
	all := make([]*holder, n)
	for i, p := range people {
		h := &holder{account: p, key: authenticator.New(a.Passkeys.Site().Origins[0])}
		answer, err := h.key.Create(a.Passkeys.Creation(passkey.Create, passkey.Person{ID: p.user.ID, Address: p.email, Name: p.user.Name}, "bench", nil))
		if err != nil {
			return nil, err
		}
		k, err := a.Passkeys.Register(b.ctx, passkey.Create, "bench", answer)
		if err != nil {
			return nil, err
		}
		k.Name = "Key"
		if err := st.Passkeys().Insert(b.ctx, k, 1, event(passkey.Added, p.user.ID)); err != nil {
			return nil, err
		}
		all[i] = h
	}
	return all, nil
}

// passkeys measures sign-ins by passkey, and the check of a code.
func passkeys(b *bench) error {
	const people = 256 // so many that nobody has as many sessions as one may
	addr, err := freeAddr()
	other, err1 := freeAddr()
	if err := firstOf(err, err1); err != nil {
		return err
	}
	dir, floorDir := filepath.Join(b.tmp, "passkeys"), filepath.Join(b.tmp, "passkeys-floor")
	own, err := b.keyed(dir, addr, people)
	if err != nil {
		return err
	}
	theirs, err := b.keyed(floorDir, other, people)
	if err != nil {
		return err
	}
	ours, err := b.serverAt(addr, "host", nil, dir, master)
	if err != nil {
		return err
	}
	defer ours.stop()
	bare, err := b.serverAt(other, "passkey", nil, floorDir)
	if err != nil {
		return err
	}
	defer bare.stop()
	for i, h := range own { // each browser is known once somebody signed in there
		if h.device, err = arrive(addr, h, i); err != nil {
			return err
		}
	}
	n := b.rounds(960, 480)
	var os, fs, ratios []float64
	for round := range b.rounds(9, 5) + 1 {
		f, err := b.enterAll(bare, theirs, n, func(h *holder, _ int) ([]byte, error) {
			return assertion(h, []byte(fmt.Sprintf(`{"challenge":%q,"rpId":"127.0.0.1"}`, strings.Repeat("A", 96))), "")
		})
		o, err1 := b.enterAll(ours, own, n, func(h *holder, i int) ([]byte, error) { return questioned(addr, h, round*n+i) })
		if err := firstOf(err, err1); err != nil {
			return err
		}
		if round > 0 { // the first is to warm up
			os, fs, ratios = append(os, o), append(fs, f), append(ratios, o/f)
		}
	}
	o, f, x := median(os), median(fs), median(ratios)
	b.add(row{
		"passkey sign-in over HTTP, ES256, durable, known device, CPU", fmt.Sprintf("%.1f µs", o), fmt.Sprintf("%.1f µs", f), times(x),
		"≤ 1.5 × a verification and the same rows", judge(x <= 1.5),
	})
	return b.code()
}

// questioned is an answer to a question of the server.
func questioned(addr string, h *holder, client int) ([]byte, error) {
	got, err := send(addr, "/api/v1/signin/passkey", []byte("{}"), h.device, client)
	if err != nil {
		return nil, err
	}
	defer got.Body.Close()
	var q struct {
		Flow string          `json:"flow"`
		Key  json.RawMessage `json:"public_key"`
	}
	if err := json.NewDecoder(got.Body).Decode(&q); err != nil {
		return nil, err
	}
	return assertion(h, q.Key, q.Flow)
}

// assertion is the body of a sign-in.
func assertion(h *holder, question []byte, flow string) ([]byte, error) {
	answer, err := h.key.Get(question)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"passkey": json.RawMessage(answer), "flow": flow, "deliver": "cookie"})
}

func send(addr, path string, body []byte, cookie string, client int) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", address(client))
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		return nil, fmt.Errorf("%s was answered %s: %s", path, resp.Status, text)
	}
	return resp, nil
}

func address(client int) string {
	return fmt.Sprintf("100.%d.%d.%d", 64+client>>16&63, client>>8&255, client&255)
}

// arrive signs h in and returns the cookie of the device that is now known.
func arrive(addr string, h *holder, client int) (string, error) {
	body, err := questioned(addr, h, client)
	if err != nil {
		return "", err
	}
	resp, err := send(addr, signInPath, body, "", client)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "-device") {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", fmt.Errorf("a sign-in set no device cookie")
}

// enterAll prepares n sign-ins, sends them by 16 connections at once, and returns
// the server's CPU of each in microseconds.
func (b *bench) enterAll(p *process, people []*holder, n int, prepare func(*holder, int) ([]byte, error)) (float64, error) {
	const callers = 16 // which divides the people: each one's counter goes on
	requests := make([][][]byte, callers)
	for i := range n {
		h := people[i%len(people)]
		body, err := prepare(h, i)
		if err != nil {
			return 0, err
		}
		cookie := ""
		if h.device != "" {
			cookie = "Cookie: " + h.device + "\r\n"
		}
		one := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nContent-Type: application/json\r\n%sX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s",
			signInPath, p.addr, cookie, address(i), len(body), body)
		requests[i%callers] = append(requests[i%callers], one)
	}
	errs := make([]error, callers)
	begun := cpuOf(p.pid())
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() { errs[c] = deliver(p.addr, requests[c]) })
	}
	wg.Wait()
	time.Sleep(2 * time.Millisecond) // what runs on after the answer belongs to it
	return float64(cpuOf(p.pid())-begun) / 1e3 / float64(n), firstOf(errs...)
}

func deliver(addr string, requests [][]byte) error {
	c, err := dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, one := range requests {
		r, err := c.do(one)
		if err != nil {
			return err
		}
		if r.status != http.StatusOK {
			return fmt.Errorf("a sign-in by passkey was answered %d", r.status)
		}
	}
	return nil
}

// code measures the check of a code from an app, secret unsealed, without its write.
func (b *bench) code() error {
	masters, err := keyring.ParseMasters(master)
	if err != nil {
		return err
	}
	st, err := sqlite.Open(b.ctx, filepath.Join(b.tmp, "code"), sqlite.Options{})
	if err != nil {
		return err
	}
	defer st.Close()
	keys, err := keyring.Load(b.ctx, st.Keys(), masters, time.Now)
	if err != nil {
		return err
	}
	d, text := totp.New(keys, user.NewID(now()), "Phone", now())
	raw, err := totp.Decode(text)
	if err != nil {
		return err
	}
	at := now()
	typed := secret.NewText(totp.CodeAt(raw, at))
	n := b.rounds(20000, 5000)
	var took []float64
	for range 5 {
		cpu, _, err := acts(n, 1, func(int) error {
			if _, ok, err := d.Match(keys, typed, at); !ok || err != nil {
				return fmt.Errorf("a right code was refused: %w", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		took = append(took, float64(cpu)/1e3/float64(n))
	}
	x := median(took)
	b.add(row{"check of an authenticator app's code, its write excluded, CPU", fmt.Sprintf("%.1f µs", x), "–", "–", "≤ 20 µs", judge(x <= 20)})
	return nil
}
