package clientaddr_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mortise-auth/mortise/internal/clientaddr"
)

func trust(t testing.TB, entries ...string) clientaddr.Trust {
	t.Helper()
	tr, err := clientaddr.NewTrust(entries)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

type headers = map[string][]string

func xff(v ...string) headers       { return headers{"X-Forwarded-For": v} }
func forwarded(v ...string) headers { return headers{"Forwarded": v} }

// SE-50 PW-24 V15.3.4: the right-most hop that is no proxy.
func TestAddress(t *testing.T) {
	tr := trust(t, "10.0.0.0/8", "2001:db8:ffff::/48", "unix", "forwarded=172.16.0.1", "loopback")
	many := strings.Repeat("10.9.9.9,", 100)
	for name, c := range map[string]struct {
		peer string
		h    headers
		want string
	}{
		"no proxy":                 {"192.0.2.1:5", nil, "192.0.2.1"},
		"stranger lies":            {"192.0.2.1:5", xff("1.1.1.1"), "192.0.2.1"},
		"one proxy":                {"10.0.0.1:5", xff("192.0.2.7"), "192.0.2.7"},
		"client lies":              {"10.0.0.1:5", xff("1.1.1.1, 192.0.2.7"), "192.0.2.7"},
		"two lines":                {"10.0.0.1:5", xff("1.1.1.1", "192.0.2.7"), "192.0.2.7"},
		"two proxies":              {"10.0.0.1:5", xff("1.1.1.1, 192.0.2.7, 10.0.0.2"), "192.0.2.7"},
		"two proxies, two lines":   {"10.0.0.1:5", xff("1.1.1.1,192.0.2.7", "10.0.0.2"), "192.0.2.7"},
		"all are proxies":          {"10.0.0.1:5", xff("10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		"garbage from the client":  {"10.0.0.1:5", xff("<script>, 192.0.2.7"), "192.0.2.7"},
		"garbage from the proxy":   {"10.0.0.1:5", xff("192.0.2.7, unknown"), "10.0.0.1"},
		"garbage behind a proxy":   {"10.0.0.1:5", xff("192.0.2.7, unknown, 10.0.0.2"), "10.0.0.2"},
		"empty":                    {"10.0.0.1:5", xff(""), "10.0.0.1"},
		"with port":                {"10.0.0.1:5", xff("192.0.2.7:4711"), "192.0.2.7"},
		"v6":                       {"[2001:db8:ffff::1]:5", xff("2001:db8::7"), "2001:db8::7"},
		"v6 bracketed":             {"10.0.0.1:5", xff("[2001:db8::7]"), "2001:db8::7"},
		"v6 with port":             {"10.0.0.1:5", xff("[2001:db8::7]:443"), "2001:db8::7"},
		"v6 with zone":             {"[fe80::1%eth0]:5", nil, "fe80::1"},
		"v4 in v6 proxy":           {"[::ffff:10.0.0.1]:5", xff("::ffff:192.0.2.7"), "192.0.2.7"},
		"v4 in v6 hop":             {"10.0.0.1:5", xff("192.0.2.7, ::ffff:10.0.0.2"), "192.0.2.7"},
		"endless":                  {"10.0.0.1:5", xff("192.0.2.7," + many + "10.0.0.2"), "10.9.9.9"},
		"unix":                     {"@", xff("192.0.2.7"), "192.0.2.7"},
		"unix without header":      {"", nil, "invalid IP"},
		"loopback proxy":           {"127.0.0.1:5", xff("192.0.2.7"), "192.0.2.7"},
		"ignores Forwarded":        {"10.0.0.1:5", forwarded("for=1.1.1.1"), "10.0.0.1"},
		"ignores X-Real-IP":        {"10.0.0.1:5", headers{"X-Real-Ip": {"1.1.1.1"}}, "10.0.0.1"},
		"RFC 7239":                 {"172.16.0.1:5", forwarded("for=192.0.2.7;proto=https"), "192.0.2.7"},
		"RFC 7239 quoted":          {"172.16.0.1:5", forwarded(`For="[2001:db8::7]:4711"`), "2001:db8::7"},
		"RFC 7239 list":            {"172.16.0.1:5", forwarded(`for=1.1.1.1, for=192.0.2.7;by=x , for="10.0.0.2"`), "192.0.2.7"},
		"RFC 7239 hidden":          {"172.16.0.1:5", forwarded("for=192.0.2.7, for=_hidden"), "172.16.0.1"},
		"RFC 7239 open quote":      {"172.16.0.1:5", forwarded(`for="1.1.1.1, for=192.0.2.7`), "172.16.0.1"},
		"RFC 7239 quote trick":     {"172.16.0.1:5", forwarded(`for=1.1.1.1;x=", for="[2001:db8::7]"`), "172.16.0.1"},
		"RFC 7239 repeated for":    {"172.16.0.1:5", forwarded("for=1.1.1.1;for=192.0.2.7"), "172.16.0.1"},
		"RFC 7239 ignores X":       {"172.16.0.1:5", xff("1.1.1.1"), "172.16.0.1"},
		"RFC 7239 too long":        {"172.16.0.1:5", forwarded("x=" + strings.Repeat("a", 5000) + ", for=192.0.2.7"), "172.16.0.1"},
		"peer that is no address":  {"pipe", xff("192.0.2.7"), "192.0.2.7"},
		"X-Forwarded-For of blank": {"10.0.0.1:5", xff("192.0.2.7, "), "10.0.0.1"},
	} {
		if got := tr.Of(clientaddr.Request{Peer: c.peer, Headers: c.h}).Addr.String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// SE-50: scheme and host follow the same trust.
func TestSchemeAndHost(t *testing.T) {
	tr := trust(t, "10.0.0.1", "forwarded=10.0.0.2")
	h := headers{
		"X-Forwarded-For":   {"192.0.2.7"},
		"X-Forwarded-Proto": {"gopher", "http, HTTPS"},
		"X-Forwarded-Host":  {"evil.test, ID.example.org"},
		"Forwarded":         {`for=9.9.9.9;proto=https;host=evil.test, for=192.0.2.7;proto=https;host="id.example.org:8443"`},
	}
	for peer, want := range map[string]clientaddr.Client{
		"10.0.0.1:1":  {Addr: netip.MustParseAddr("192.0.2.7"), Scheme: "https", Host: "id.example.org", ViaProxy: true, Forwarded: true},
		"10.0.0.2:1":  {Addr: netip.MustParseAddr("192.0.2.7"), Scheme: "https", Host: "id.example.org:8443", ViaProxy: true, Forwarded: true},
		"192.0.2.1:1": {Addr: netip.MustParseAddr("192.0.2.1"), Scheme: "http", Host: "inner:80", Forwarded: true},
	} {
		got := tr.Of(clientaddr.Request{Peer: peer, Host: "INNER:80", Headers: h})
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", peer, diff)
		}
	}
	if got := tr.Of(clientaddr.Request{Peer: "192.0.2.1:1", TLS: true}); got.Scheme != "https" || got.Forwarded {
		t.Errorf("%+v", got)
	}
}

func TestHostsThatAreNone(t *testing.T) {
	var tr clientaddr.Trust
	for _, h := range []string{"", "a b", "evil.test/x", "a\r\nb", "user@host", "ü.test", strings.Repeat("a", 300)} {
		if got := tr.Of(clientaddr.Request{Peer: "192.0.2.1:1", Host: h}).Host; got != "" {
			t.Errorf("%q: %q", h, got)
		}
	}
}

// TH-29: development must notice every way a proxy announces itself.
func TestForwardingHeadersAreNoticed(t *testing.T) {
	var tr clientaddr.Trust
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "Cf-Connecting-Ip", "True-Client-Ip"} {
		if !tr.Of(clientaddr.Request{Peer: "127.0.0.1:1", Headers: headers{name: {""}}}).Forwarded {
			t.Errorf("%s is not noticed", name)
		}
	}
	if tr.Of(clientaddr.Request{Peer: "127.0.0.1:1", Headers: headers{"Accept": {"*/*"}}}).Forwarded {
		t.Error("Accept is not a forwarding header")
	}
}

// PW-20: sources are /32 and /64.
func TestSource(t *testing.T) {
	var tr clientaddr.Trust
	for peer, want := range map[string]string{
		"192.0.2.1:1":              "192.0.2.1/32",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"@":                        "unix",
	} {
		if got := tr.Of(clientaddr.Request{Peer: peer}).Source(); got != want {
			t.Errorf("%s: %s, want %s", peer, got, want)
		}
	}
}

func TestFaultyTrust(t *testing.T) {
	for _, e := range []string{"", "proxy", "0.0.0.0/0", "::/0", "::ffff:0:0/96", "10.0.0.0/33", "fe80::1%eth0", "forwarded=", "forwarded=unix"} {
		if _, err := clientaddr.NewTrust([]string{e}); err == nil {
			t.Errorf("%q is accepted", e)
		}
	}
}
