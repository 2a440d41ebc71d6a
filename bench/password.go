package main

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

const signInPath = "/api/v1/signin"

// front starts the host program on a folder.
func (b *bench) front(dir string) (*process, error) { return b.server("host", dir, master) }

// known signs a in once and returns the cookie of the device that is now known.
func known(p *process, a account, client int) (string, error) {
	cookies, err := enter(p.addr, a.email, passphrase, client)
	if err != nil {
		return "", err
	}
	for _, c := range cookies {
		if strings.HasSuffix(c.Name, "-device") {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", errors.New("a sign-in set no device cookie")
}

// signedIn is the session cookie of whoever signs in.
func signedIn(host, who, password string) (string, error) {
	cookies, err := enter(host, who, password, 0)
	if err != nil {
		return "", err
	}
	for _, c := range cookies {
		if strings.HasSuffix(c.Name, "mortise") {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", errors.New("a sign-in set no session cookie")
}

func enter(host, who, password string, client int) ([]*http.Cookie, error) {
	body := strings.NewReader(fmt.Sprintf(`{"identifier":%q,"password":%q,"deliver":"cookie"}`, who, password))
	req, err := http.NewRequest(http.MethodPost, "http://"+host+signInPath, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if client > 0 { // a development server serves nobody who comes through a proxy
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("100.64.%d.%d", client>>8&255, client&255))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("a sign-in was answered %s", resp.Status)
	}
	return resp.Cookies(), nil
}

// passwordSignIn measures one sign-in after the other, floor and ours in turns.
func passwordSignIn(b *bench) error {
	dir := filepath.Join(b.tmp, "password")
	people, err := b.seed(dir, 40)
	if err != nil {
		return err
	}
	ours, err := b.front(dir)
	if err != nil {
		return err
	}
	defer ours.stop()
	bare, err := b.server("password")
	if err != nil {
		return err
	}
	defer bare.stop()
	device := make([]string, 8)
	for i := range device {
		if device[i], err = known(ours, people[i], i); err != nil {
			return err
		}
	}
	n := b.rounds(160, 48)
	var spent, strangers, floors, above []time.Duration
	for i := range n {
		f, err := signInCost(bare, people[0], "", i)
		// Sixteen addresses in turn, so that no limit is met.
		o, err1 := signInCost(ours, people[i%8], device[i%8], 1000+i)
		if err := firstOf(err, err1); err != nil {
			return err
		}
		spent, floors, above = append(spent, o), append(floors, f), append(above, o-f)
		if i%5 == 0 {
			s, err := signInCost(ours, people[8+i/5%32], "", 2000+i)
			if err != nil {
				return err
			}
			strangers = append(strangers, s)
		}
	}
	o, s, f := median(spent), median(strangers), median(floors)
	b.add(
		row{
			"password sign-in over HTTP, argon2id 19 MiB t2 p1, durable, known device, CPU", millis(o), millis(f), "+" + millis(o-f),
			"≤ 1.5 ms above a bare handler that hashes", judge(o-f <= 1500*time.Microsecond),
		},
		row{"the same from a new device, with its mail queued", millis(s), millis(f), "+" + millis(s-f), "–", info},
	)
	b.note("Password sign-in: %d pairs, one at a time, medians; the median of the pairs' differences is %s.", n, millis(median(above)))
	return nil
}

// signInCost is the CPU of one sign-in, with what it leaves behind.
func signInCost(p *process, a account, device string, client int) (time.Duration, error) {
	c, err := dial(p.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	request := signInRequest(p.addr, signInPath, a.email, passphrase, device, client)
	begun := cpuOf(p.pid())
	r, err := c.do(request)
	if err == nil && r.status != http.StatusOK {
		err = fmt.Errorf("sign-in answered %d", r.status)
	}
	time.Sleep(2 * time.Millisecond) // what runs on after the answer belongs to it
	return cpuOf(p.pid()) - begun, err
}
