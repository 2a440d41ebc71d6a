package e2e

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// line is the only way from a program to a server: a proxy that counts what is
// asked, loses answers, and can be cut.
type line struct {
	*httptest.Server
	down atomic.Bool  // connections break
	lose atomic.Int32 // so many answers are not delivered, though the server acted
	to   atomic.Value // string: another replica's address

	mu    sync.Mutex
	asked map[string]int
}

func openLine(t *testing.T) *line {
	t.Helper()
	l := &line{asked: map[string]int{}}
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	forward := &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			if to, ok := l.to.Load().(string); ok {
				r.Out.URL.Host = to
			}
		},
		ModifyResponse: func(*http.Response) error {
			if l.down.Load() || l.lose.Load() > 0 && l.lose.Add(-1) >= 0 {
				return errors.New("lost")
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked[r.URL.Path]++
		l.mu.Unlock()
		if l.down.Load() {
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { l.CloseClientConnections(); l.Close(); transport.CloseIdleConnections() })
	return l
}

// cut breaks every connection, and each new one, until mend.
func (l *line) cut() {
	l.down.Store(true)
	l.CloseClientConnections()
}

func (l *line) mend() { l.down.Store(false) }

// count is how often each path was asked.
func (l *line) count() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.asked)
}

// since is what was asked after a count.
func (l *line) since(before map[string]int) map[string]int {
	now := l.count()
	for path, n := range before {
		if now[path] -= n; now[path] == 0 {
			delete(now, path)
		}
	}
	return now
}

// proxy is for a Transport.
func (l *line) proxy() func(*http.Request) (*url.URL, error) {
	u, _ := url.Parse(l.URL) // our own listener's
	return http.ProxyURL(u)
}
