package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/verify"
)

// remote is a verifier in another program than the servers, on a line that can be
// cut.
type remote struct {
	*verify.Verifier
	down  atomic.Bool
	mu    sync.Mutex
	conns []net.Conn
}

var errCut = errors.New("bench: cut off")

func openRemote(ctx context.Context, issuer, addr string) (*remote, error) {
	r := &remote{}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		if r.down.Load() {
			return nil, errCut
		}
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			r.mu.Lock()
			r.conns = append(r.conns, c)
			r.mu.Unlock()
		}
		return c, err
	}
	v, err := verify.New(ctx, issuer, verify.Audience(delayAudience), verify.Credentials(delayClient, delaySecret),
		verify.HTTPClient(&http.Client{Transport: &http.Transport{DialContext: dial}}), verify.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	r.Verifier = v
	return r, v.Health()
}

func (r *remote) close() { _ = r.Close() }

func (r *remote) cut() {
	r.down.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.conns = nil
}

func (r *remote) mend() { r.down.Store(false) }

// patient is when a token that is still taken is a failure of the measurement.
const patient = 20 * time.Second

// refuses asks until the token is refused.
func (r *remote) refuses(token string, begun time.Time) (time.Duration, error) {
	for time.Since(begun) < patient {
		_, err := r.Token(context.Background(), token)
		switch {
		case errors.Is(err, verify.ErrRevoked):
			return time.Since(begun), nil
		case err != nil:
			return 0, err
		}
		time.Sleep(time.Millisecond)
	}
	return 0, errors.New("bench: the verifier never refused")
}

// asker is a connection to a replica that asks about tokens.
type asker struct {
	*conn
	host string
}

// asked numbers questions, so that each comes from an address of its own.
var asked atomic.Uint32

// post sends a form and reads the answer.
func (a *asker) post(path string, form url.Values, basic bool) (int, []byte, error) {
	body, n := form.Encode(), asked.Add(1)
	authorization := ""
	if basic {
		authorization = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(delayClient+":"+delaySecret)) + "\r\n"
	}
	if _, err := fmt.Fprintf(a, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Forwarded-For: 198.18.%d.%d\r\n%sContent-Length: %d\r\n\r\n%s",
		path, a.host, n>>8&255, n&255, authorization, len(body), body); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(a.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// active introspects.
func (a *asker) active(token string) (bool, error) {
	status, text, err := a.post("/oauth2/introspect", url.Values{"token": {token}}, true)
	if err != nil {
		return false, err
	}
	if status != http.StatusOK {
		return false, fmt.Errorf("bench: introspection: %d %s", status, text)
	}
	return bytes.Contains(text, []byte(`"active":true`)), nil
}

func (f *fleet) asker(n int) (*asker, error) {
	c, err := dial(f.replicas[n%len(f.replicas)].addr)
	return &asker{c, f.issuer[len("http://"):]}, err
}

// with lends a connection.
func (f *fleet) with(n int, do func(*asker) error) error {
	a, err := f.asker(n)
	if err != nil {
		return err
	}
	defer a.Close()
	return do(a)
}

// signOut gives a sign-in back at one replica and returns when each replica and
// the verifier refused its access token, counted from the acknowledgement.
func (f *fleet) signOut(h held, i int) ([]time.Duration, error) {
	begun, err := f.revoke(h, i)
	if err != nil {
		return nil, err
	}
	took, errs := make([]time.Duration, len(f.replicas)+1), make([]error, len(f.replicas)+1)
	var wg sync.WaitGroup
	for n := range f.replicas {
		wg.Go(func() {
			errs[n] = f.with(n, func(a *asker) error {
				for time.Since(begun) < patient {
					active, err := a.active(h.access)
					if err != nil || !active {
						took[n] = time.Since(begun)
						return err
					}
					time.Sleep(time.Millisecond)
				}
				return errors.New("bench: a replica never refused")
			})
		})
	}
	wg.Go(func() { took[len(f.replicas)], errs[len(f.replicas)] = f.verifier.refuses(h.access, begun) })
	wg.Wait()
	return took, errors.Join(errs...)
}

// revoke returns when the sign-out was acknowledged.
func (f *fleet) revoke(h held, i int) (at time.Time, err error) {
	err = f.with(i, func(a *asker) error {
		status, text, err := a.post("/oauth2/revoke", url.Values{"token": {h.refresh}, "client_id": {"app"}}, false)
		at = time.Now()
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("bench: revocation: %d %s", status, text)
		}
		return err
	})
	return at, err
}

// load checks a living token everywhere, until the returned function is called.
func (f *fleet) load(h held) (end func() (checks, wrong int64)) {
	stop := make(chan struct{})
	var checks, wrong atomic.Int64
	var wg sync.WaitGroup
	each := func(check func() (bool, error)) {
		tick := time.NewTicker(checksEach)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if ok, err := check(); err != nil || !ok {
				wrong.Add(1)
			}
			checks.Add(1)
		}
	}
	for n := range f.replicas {
		wg.Go(func() {
			if err := f.with(n, func(a *asker) error { each(func() (bool, error) { return a.active(h.access) }); return nil }); err != nil {
				wrong.Add(1)
			}
		})
	}
	wg.Go(func() {
		each(func() (bool, error) {
			_, err := f.verifier.Token(context.Background(), h.access)
			return err == nil, err
		})
	})
	return func() (int64, int64) {
		close(stop)
		wg.Wait()
		return checks.Load(), wrong.Load()
	}
}

// signIns signs people in for tokens, two at a time: hashing is what it costs.
func (f *fleet) signIns(n int) ([]held, error) {
	n += cutRounds
	all, errs := make([]held, n), make([]error, 2)
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += 2 {
				all[i], errs[w] = f.signIn(i)
			}
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}

func (f *fleet) signIn(i int) (h held, err error) {
	c, err := dial(f.replicas[i%len(f.replicas)].addr)
	if err != nil {
		return h, err
	}
	defer c.Close()
	body := fmt.Sprintf(`{"identifier":%q,"password":%q,"deliver":"tokens","client_id":"app"}`, delayPerson(i), passphrase)
	fmt.Fprintf(c, "POST /api/v1/signin HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Forwarded-For: 198.19.%d.%d\r\nContent-Length: %d\r\n\r\n%s",
		f.issuer[len("http://"):], i>>8&255, i&255, len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || resp.StatusCode != http.StatusOK || out.Access == "" {
		return h, fmt.Errorf("bench: signing in: %d, %w", resp.StatusCode, err)
	}
	return held{out.Access, out.Refresh}, nil
}
