package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/clientaddr"
	flow "github.com/mortise-auth/mortise/internal/gateway"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/web"
)

// judge answers what it is told and remembers what it was asked.
type judge struct {
	Flow
	asked  []flow.Original
	answer flow.Decision
}

func (j *judge) Decide(_ context.Context, o *flow.Original) flow.Decision {
	j.asked = append(j.asked, *o)
	return j.answer
}

var names = web.Names{Session: "__Host-mortise", Gate: "__Host-mortise-gate", Nonce: "__Host-mortise-gate-nonce"}

func handler(t testing.TB, base string) (*Handler, *judge) {
	t.Helper()
	trust, err := clientaddr.NewTrust([]string{"10.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{answer: flow.Decision{Letter: &flow.Letter{
		User: []string{"usr_1"}, Email: []string{""}, Name: []string{"Ada"}, Groups: []string{"editor"}, Identity: []string{""},
	}}}
	u := &url.URL{Scheme: "https", Host: "id.example.org", Path: base}
	return New(Options{URL: u, Names: names, Trust: trust, Flow: j, Now: time.Now, Log: slog.New(slog.DiscardHandler)}), j
}

// request is what a proxy sends: headers as names and values by turns.
func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr, r.Host = "10.0.0.1:4000", "id.example.org"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func serve(h *Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Header shapes as the proxies send them. traefikShape and envoyShape are written
// from knowledge of these proxies and recorded from neither; what a Traefik really
// sent is in testdata, and no Envoy was ever asked. nginx, Caddy and HAProxy are
// tested for real in e2e, and so is a Traefik that MORTISE_TEST_TRAEFIK names.
var (
	nginxShape   = []string{"X-Original-URL", "https://app.example.org/a?b=c", "X-Original-Method", "POST", "X-Forwarded-For", "192.0.2.7"}
	traefikShape = []string{
		"X-Forwarded-Method", "POST", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "app.example.org", "X-Forwarded-Uri", "/a?b=c",
		"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Port", "443", "X-Forwarded-Server", "traefik-7d9f", "X-Real-Ip", "192.0.2.7", "Accept-Encoding", "gzip",
	}
	envoyShape = []string{
		"Host", "app.example.org", "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.7", "X-Envoy-Internal", "true",
		"X-Envoy-Expected-Rq-Timeout-Ms", "5000", "X-Request-Id", "5a3c0b2e-8f0e-4a8b-9b39-0f6f7a6e2a11", "Content-Length", "0",
	}
)

// SE-50 SE-53: each family of headers leads to the same original request.
func TestShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		base, method, target string
		headers              []string
	}{
		"nginx":              {"", "GET", "/forward-auth", nginxShape},
		"traefik":            {"", "GET", "/forward-auth", traefikShape},
		"envoy":              {"", "POST", "/forward-auth/envoy/a?b=c", envoyShape},
		"nginx below a path": {"/auth", "GET", "/auth/forward-auth", nginxShape},
		"envoy below a path": {"/auth", "POST", "/auth/forward-auth/envoy/a?b=c", envoyShape},
	} {
		h, j := handler(t, tt.base)
		r := request(tt.method, tt.target, append([]string{"Cookie", "a=b; __Host-mortise-gate=g", "Origin", "https://app.example.org", "Sec-Fetch-Site", "same-origin"}, tt.headers...)...)
		if !h.Takes(r) {
			t.Fatalf("%s is not taken", name)
		}
		w := serve(h, r)
		if w.Code != 200 || len(j.asked) != 1 {
			t.Fatalf("%s: %d %s", name, w.Code, w.Body)
		}
		o := j.asked[0]
		if o.Client.String() != "192.0.2.7" {
			t.Errorf("%s: client %s", name, o.Client)
		}
		o.Client = j.asked[0].Client
		want := flow.Original{
			Scheme: "https", Host: "app.example.org", Method: "POST", Target: "/a?b=c", Client: o.Client,
			Origin: "https://app.example.org", Site: "same-origin", Gate: "g",
		}
		if !reflect.DeepEqual(o, want) {
			t.Errorf("%s: %+v", name, o)
		}
		if w.Header().Get("Cookie") != "a=b" || w.Header().Get("Remote-User") != "usr_1" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

// SE-50 SE-53: what Traefik 3.6.12, built from its sources and configured by the
// printed snippet, sent for a POST /a?b=c whose client had added X-Forwarded-For,
// X-Forwarded-Uri and X-Original-URL, and cookies named in Connection. Only the name
// of the machine in X-Forwarded-Server was changed.
func TestRecordedTraefik(t *testing.T) {
	text, err := os.ReadFile("testdata/traefik-3.6.12.json")
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Method, Target, Host string
		Header               http.Header
	}
	if err := json.Unmarshal(text, &seen); err != nil {
		t.Fatal(err)
	}
	h, j := handler(t, "")
	r := request(seen.Method, seen.Target)
	r.Host, r.Header = seen.Host, seen.Header
	r.Header["X-Forwarded-For"] = []string{"192.0.2.7"} // it was 127.0.0.1
	if w := serve(h, r); w.Code != 200 || len(j.asked) != 1 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	o := j.asked[0]
	want := flow.Original{
		Scheme: "http", Host: "traefik.localhost:7111", Method: "POST", Target: "/a?b=c", Client: o.Client,
		Origin: "http://traefik.localhost:7111", Site: "same-origin",
	}
	if !reflect.DeepEqual(o, want) || o.Client.String() != "192.0.2.7" {
		t.Errorf("%+v", o)
	}
}

// SE-53 SE-54: what does not say clearly, once and from a trusted proxy what was
// asked is never judged.
func TestUnclear(t *testing.T) {
	with := func(shape []string, more ...string) []string { return append(slices.Clone(shape), more...) }
	for name, r := range map[string]*http.Request{
		"nothing":                    request("GET", "/forward-auth"),
		"both families":              request("GET", "/forward-auth", with(traefikShape, "X-Original-URL", "https://app.example.org/public")...),
		"both families, no method":   request("GET", "/forward-auth", with(nginxShape, "X-Forwarded-Uri", "/public")...),
		"empty second":               request("GET", "/forward-auth", with(traefikShape, "X-Original-URL", "")...),
		"two addresses":              request("GET", "/forward-auth", with(nginxShape, "X-Original-URL", "https://app.example.org/public")...),
		"two uris":                   request("GET", "/forward-auth", with(traefikShape, "X-Forwarded-Uri", "/public")...),
		"two methods":                request("GET", "/forward-auth", with(nginxShape, "X-Original-Method", "GET")...),
		"two hosts":                  request("GET", "/forward-auth", with(traefikShape, "X-Forwarded-Host", "b.example.org")...),
		"two origins":                request("GET", "/forward-auth", with(nginxShape, "Origin", "https://a", "Origin", "https://b")...),
		"two authorizations":         request("GET", "/forward-auth", with(nginxShape, "Authorization", "Bearer a", "Authorization", "Bearer b")...),
		"two gates":                  request("GET", "/forward-auth", with(nginxShape, "Cookie", "__Host-mortise-gate=a; __Host-mortise-gate=b")...),
		"two gates in two lines":     request("GET", "/forward-auth", with(nginxShape, "Cookie", "__Host-mortise-gate=a", "Cookie", "__Host-mortise-gate=b")...),
		"empty bearer":               request("GET", "/forward-auth", with(nginxShape, "Authorization", "Bearer ")...),
		"no method":                  request("GET", "/forward-auth", "X-Original-URL", "https://app.example.org/"),
		"no slash":                   request("GET", "/forward-auth", "X-Original-URL", "https://app.example.org", "X-Original-Method", "GET"),
		"other scheme":               request("GET", "/forward-auth", "X-Original-URL", "ftp://app.example.org/", "X-Original-Method", "GET"),
		"credentials in the address": request("GET", "/forward-auth", "X-Original-URL", "https://a@app.example.org/", "X-Original-Method", "GET"),
		"no token as method":         request("GET", "/forward-auth", "X-Original-URL", "https://app.example.org/", "X-Original-Method", "G T"),
		"uri without method":         request("GET", "/forward-auth", "X-Forwarded-Uri", "/", "X-Forwarded-Host", "app.example.org", "X-Forwarded-Proto", "https"),
		"uri without host":           request("GET", "/forward-auth", "X-Forwarded-Uri", "/", "X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https"),
		"uri without scheme":         request("GET", "/forward-auth", "X-Forwarded-Uri", "/", "X-Forwarded-Method", "GET", "X-Forwarded-Host", "app.example.org"),
		"envoy with an address":      request("GET", "/forward-auth/envoy/a", with(envoyShape, "X-Original-URL", "https://app.example.org/public")...),
		"envoy with a uri":           request("GET", "/forward-auth/envoy/a", with(envoyShape, "X-Forwarded-Uri", "/public")...),
	} {
		h, j := handler(t, "")
		w := serve(h, r)
		if w.Code/100 != 4 || len(j.asked) != 0 || w.Header().Get("Remote-User") != "" || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d, judged %d times, %v", name, w.Code, len(j.asked), w.Header())
		}
	}
}

// SE-53: forged headers of a peer that is no proxy.
func TestUntrustedPeer(t *testing.T) {
	for _, shape := range [][]string{nginxShape, traefikShape} {
		h, j := handler(t, "")
		r := request("GET", "/forward-auth", shape...)
		r.RemoteAddr = "10.0.0.2:4000"
		if w := serve(h, r); w.Code != 403 || len(j.asked) != 0 {
			t.Errorf("%d, judged %d times", w.Code, len(j.asked))
		}
	}
}

// Envoy's path is taken as it came, before anything tidied it up. SE-52
func TestEnvoyPathIsRaw(t *testing.T) {
	h, j := handler(t, "")
	r := request("GET", "/forward-auth/envoy/x", envoyShape...)
	r.RequestURI = "/forward-auth/envoy/public/%2e%2e//x?y=%2f"
	if w := serve(h, r); w.Code != 200 || j.asked[0].Target != "/public/%2e%2e//x?y=%2f" {
		t.Errorf("%d %+v", w.Code, j.asked)
	}
	if gone := serve(h, request("GET", "/forward-auth/envoy/x", envoyShape...)).Header().Get("X-Envoy-Auth-Headers-To-Remove"); gone != "remote-email,mortise-identity,cookie" {
		t.Errorf("Envoy is told to remove %q", gone)
	}
}

// SE-51: every header is named, empty ones too.
func TestEveryHeaderIsNamed(t *testing.T) {
	h, _ := handler(t, "")
	w := serve(h, request("GET", "/forward-auth", nginxShape...))
	for _, name := range Headers {
		if len(w.Header()[name]) != 1 {
			t.Errorf("%s is there %d times", name, len(w.Header()[name]))
		}
	}
}

// TH-39 SE-58: how refusals look, by proxy and by who asks.
func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		answer  flow.Decision
		headers []string
		status  int
		start   bool
	}{
		"nginx, page":         {flow.Decision{Err: flow.ErrSignIn, SignIn: true}, nginxShape, 401, true},
		"nginx, program":      {flow.Decision{Err: flow.ErrSignIn}, nginxShape, 401, false},
		"nginx, denied":       {flow.Decision{Err: flow.ErrDenied}, nginxShape, 403, false},
		"nginx, ambiguous":    {flow.Decision{Err: site.ErrAmbiguous}, nginxShape, 403, false},
		"nginx, store down":   {flow.Decision{Err: site.ErrUncertain}, nginxShape, 503, false},
		"traefik, page":       {flow.Decision{Err: flow.ErrSignIn, SignIn: true}, traefikShape, 302, true},
		"traefik, program":    {flow.Decision{Err: flow.ErrSignIn}, traefikShape, 401, false},
		"traefik, ambiguous":  {flow.Decision{Err: site.ErrAmbiguous}, traefikShape, 400, false},
		"traefik, unforeseen": {flow.Decision{Err: errors.New("bug")}, traefikShape, 500, false},
	} {
		h, j := handler(t, "")
		j.answer = tt.answer
		w := serve(h, request("GET", "/forward-auth", tt.headers...))
		location := w.Header().Get("Location")
		if w.Code != tt.status || (location != "") != tt.start || w.Header().Get("Remote-User") != "" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		if tt.start && location != "https://id.example.org/forward-auth/start?url=https%3A%2F%2Fapp.example.org%2Fa%3Fb%3Dc" {
			t.Errorf("%s: %s", name, location)
		}
		var body struct{ Detail string }
		if json.Unmarshal(w.Body.Bytes(), &body) != nil || strings.Contains(body.Detail, "bug") {
			t.Errorf("%s: %s", name, w.Body)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %v", name, w.Header())
		}
	}
}

// SE-58
func TestNavigates(t *testing.T) {
	for name, tt := range map[string]struct {
		h    http.Header
		want bool
	}{
		"browser":        {http.Header{"Sec-Fetch-Mode": {"navigate"}, "Accept": {"text/html"}}, true},
		"fetch":          {http.Header{"Sec-Fetch-Mode": {"cors"}, "Accept": {"text/html"}}, false},
		"old browser":    {http.Header{"Accept": {"text/html,application/xhtml+xml"}}, true},
		"old xhr":        {http.Header{"Accept": {"text/html"}, "X-Requested-With": {"XMLHttpRequest"}}, false},
		"program":        {http.Header{"Accept": {"*/*"}}, false},
		"nothing":        {http.Header{}, false},
		"two fetch mode": {http.Header{"Sec-Fetch-Mode": {"navigate", "cors"}}, false},
	} {
		if got := navigates(tt.h); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TH-37: no cookie of ours goes on, and no other is touched.
func TestForeignCookies(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a=b": "a=b", "__Host-mortise=x": "", "a=b; __Host-mortise-gate=g; c=d": "a=b; c=d", "__Host-mortise-gate=1;__Host-mortise-gate-nonce=2;a=b": "a=b",
		"__Host-mortised=x": "__Host-mortised=x", " __Host-mortise =x ; a": "a", "a=\"x; y\"; b": "a=\"x; y\"; b", ";;a=b;": "a=b",
	} {
		if got := foreign([]string{in}, names.Session); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := foreign([]string{"a=b", "__Host-mortise-gate=g", "c=d"}, names.Session); got != "a=b; c=d" {
		t.Errorf("lines become %q", got)
	}
}

// FuzzOriginal: whatever a proxy passes on, a request that is judged has one
// host in the form sites have, and an answer that lets it pass holds no cookie of ours.
func FuzzOriginal(f *testing.F) {
	f.Add("X-Original-Url", "https://app.example.org/a", "X-Original-Method", "GET", "a=b; __Host-mortise-gate=x")
	f.Add("X-Forwarded-Uri", "/a", "X-Forwarded-Host", "app.example.org", "__Host-mortise=")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2, cookie string) {
		h, j := handler(t, "")
		r := request("GET", "/forward-auth", "X-Forwarded-Proto", "https", "X-Forwarded-Method", "GET", "X-Forwarded-Host", "app.example.org")
		r.Header[http.CanonicalHeaderKey(name1)] = append(r.Header[http.CanonicalHeaderKey(name1)], value1)
		r.Header[http.CanonicalHeaderKey(name2)] = append(r.Header[http.CanonicalHeaderKey(name2)], value2)
		r.Header["Cookie"] = []string{cookie}
		w := serve(h, r)
		if w.Code == 200 && strings.Contains(";"+strings.ReplaceAll(w.Header().Get("Cookie"), " ", ""), ";__Host-mortise=") {
			t.Fatalf("%q goes on as %q", cookie, w.Header().Get("Cookie"))
		}
		for _, o := range j.asked {
			if again, ok := site.Host(o.Host, o.Scheme); !ok || again != o.Host || !method(o.Method) || o.Scheme != "https" && o.Scheme != "http" {
				t.Fatalf("judged %+v", o)
			}
		}
	})
}
