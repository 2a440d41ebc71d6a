package verify

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// A flood of tokens with made-up key ids makes us ask once per interval, is
// refused 401, and hides no key that is published meanwhile for longer. JW-45
func TestUnknownKeyFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start()
		time.Sleep(keysAgain)
		next := newKey(t)
		before := o.count("/jwks")
		for range 30 { // seconds
			stranger := o.mintWith(newKey(t), jwt.TypeAccess, nil)
			volley(t, v, []string{stranger}, 50, func(code string) {
				if code != "token_unknown_key" {
					t.Errorf("got %q", code)
				}
			})
			time.Sleep(time.Second)
		}
		if n := o.count("/jwks") - before; n < 1 || n > 4 {
			t.Errorf("%d fetches in 30 s", n)
		}
		o.with(func() { o.published = append(o.published, next.Public()) })
		time.Sleep(keysAgain)
		wants(t, v, o.mintWith(next, jwt.TypeAccess, nil), "")
	})
}

// Keys are used while they cannot be fetched again, for a day; then nothing can be
// told, which is 503. JW-45
func TestStaleKeysExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(InsecureWithoutRevocation())
		o.with(func() { o.down = true })
		time.Sleep(23 * time.Hour)
		wants(t, v, o.mint(nil), "")
		wants(t, v, o.mintWith(newKey(t), jwt.TypeAccess, nil), "verification_unavailable") // it may be a new key
		time.Sleep(time.Hour + time.Second)
		wants(t, v, o.mint(nil), "verification_unavailable")
		o.with(func() { o.down = false })
		time.Sleep(keysAgain * 2)
		wants(t, v, o.mint(nil), "")
	})
}

// A published key is known before it signs, without a request that names it, and
// one that is gone is forgotten. JW-45
func TestBackgroundRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrigin(t, testIssuer)
		v := o.start(InsecureWithoutRevocation())
		next := newKey(t)
		old := o.mint(nil)
		o.with(func() { o.published = []jose.PublicKey{next.Public()} })
		time.Sleep(7 * time.Minute)
		if _, ok := v.tokens.Key(next.Public().ID()); !ok {
			t.Error("the new key is not known")
		}
		wants(t, v, old, "token_unknown_key")
	})
}

// max-age is followed within bounds.
func TestFreshFor(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": keysFresh, "no-store": keysFresh, "max-age=600": 10 * time.Minute, "public, Max-Age=600": 10 * time.Minute,
		"max-age=0": keysFreshLeast, "max-age=99999": keysFreshMost, "max-age=-1": keysFresh, "max-age=x": keysFresh,
		"max-age=99999999999999999999": keysFresh, "s-maxage=10": keysFresh,
	} {
		if got := freshFor(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// A hostile or broken key server: it hangs, redirects elsewhere, sends two
// gigabytes, an error page, a private key. We neither wait nor follow nor swallow.
// JW-45
func TestHostileKeyServer(t *testing.T) {
	good := newOrigin(t, "")
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = w.Write(jose.NewKeySet(good.token.Public()).JSON())
	}))
	t.Cleanup(other.Close)
	var sent atomic.Int64
	for name, serve := range map[string]http.HandlerFunc{
		"hang":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) },
		"loop":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) },
		"huge":     func(w http.ResponseWriter, _ *http.Request) { flood(w, &sent) },
		"huge, told": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(2<<30))
			flood(w, &sent)
		},
		"error page": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"500":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"empty set":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) },
		"secret key": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"keys":[{"kty":"oct","k":"AAAA"}]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(serve)
			defer s.Close()
			c := newTestKeys(t, s.URL)
			c.patience = 50 * time.Millisecond
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if ok, err := c.refresh(t.Context(), false); ok || err == nil {
						t.Error("the set was taken")
					}
				})
			}
			wg.Wait()
			if _, ok := c.set(); ok {
				t.Error("there are keys")
			}
			c.background.cancel() // ends the fetch that hangs
		})
	}
	if elsewhere.Load() != 0 {
		t.Error("another host was asked")
	}
	if sent.Load() > 64<<20 {
		t.Errorf("%d bytes were taken", sent.Load())
	}
}

// newTestKeys is a key cache of its own, over real sockets.
func newTestKeys(t *testing.T, address string) *keyCache {
	t.Helper()
	s, err := newSettings([]Option{Audience("a"), Logger(slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	b := newBackground()
	t.Cleanup(b.stop)
	c := newKeyCache("test", s, newFetcher(nil), b)
	c.at(address)
	return c
}

// flood writes two gigabytes, as far as anybody reads them.
func flood(w io.Writer, sent *atomic.Int64) {
	chunk := []byte(strings.Repeat(" ", 1<<16))
	for range 2 << 30 / len(chunk) {
		n, err := w.Write(chunk)
		sent.Add(int64(n))
		if err != nil {
			return
		}
	}
}

// A redirect within the host is followed.
func TestRedirectWithinHost(t *testing.T) {
	o := newOrigin(t, "")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/jwks", http.StatusMovedPermanently)
			return
		}
		o.ServeHTTP(w, r)
	}))
	defer s.Close()
	c := newTestKeys(t, s.URL)
	if _, err := c.refresh(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Key(o.token.Public().ID()); !ok {
		t.Error("the key is not there")
	}
}

// Metadata is found where either standard puts it, and used only if it is the
// issuer's own, byte for byte, and names addresses that nobody on the way can read.
//
// JW-21
func TestMetadata(t *testing.T) {
	const id = "https://id.example.test/tenant"
	document := func(change string, with any) string {
		m := map[string]any{"issuer": id, "jwks_uri": "https://keys.example.test/jwks", "mortise_revocations_uri": id + "/feed", "mortise_revocation_keys_uri": id + "/keys"}
		m[change] = with
		w := httptest.NewRecorder()
		writeJSON(w, m)
		return w.Body.String()
	}
	const rfc8414, openid = "/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"
	for name, test := range map[string]struct {
		pages map[string]string
		ok    bool
	}{
		"RFC 8414":           {map[string]string{rfc8414: document("x", 1)}, true},
		"OpenID":             {map[string]string{openid: document("x", 1)}, true},
		"nowhere":            {map[string]string{}, false},
		"another issuer":     {map[string]string{rfc8414: document("issuer", id+"/")}, false},
		"no issuer":          {map[string]string{rfc8414: document("issuer", nil)}, false},
		"plain http":         {map[string]string{rfc8414: document("jwks_uri", "http://id.example.test/jwks")}, false},
		"http on loopback":   {map[string]string{rfc8414: document("jwks_uri", "http://127.0.0.1/jwks")}, false},
		"no keys":            {map[string]string{rfc8414: document("jwks_uri", "")}, false},
		"feed, not its keys": {map[string]string{rfc8414: document("mortise_revocation_keys_uri", "")}, false},
		"file":               {map[string]string{rfc8414: document("introspection_endpoint", "file:///etc/passwd")}, false},
		"not JSON":           {map[string]string{rfc8414: "<html>"}, false},
	} {
		client := &http.Client{Transport: pages(test.pages)}
		v, err := build(id, []Option{Audience("a"), Credentials("id", "secret"), HTTPClient(client)})
		if err != nil {
			t.Fatal(err)
		}
		err = v.locate(t.Context())
		if test.ok != (err == nil) || err != nil && !lasting(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// pages is a site of fixed documents.
type pages map[string]string

func (p pages) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if text, ok := p[r.URL.Path]; ok {
		_, _ = io.WriteString(w, text)
	} else {
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}
