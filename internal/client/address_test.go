package client

import (
	"net/url"
	"strings"
	"testing"
)

// OA-3: what may be registered, by which client, and in which kind of server.
func TestRedirect(t *testing.T) {
	const nobody, everybody, native, dev, nativeOrDev = 0, 1, 2, 3, 4
	for text, who := range map[string]int{
		"https://app.example.org/callback":            everybody,
		"https://app.example.org":                     everybody,
		"https://app.example.org:8443/cb?x=1&y=%2F":   everybody,
		"https://xn--bcher-kva.example/cb":            everybody,
		"https://192.0.2.1/cb":                        everybody,
		"https://[2001:db8::1]/cb":                    everybody,
		"https://localhost/cb":                        everybody,
		"http://127.0.0.1/cb":                         nativeOrDev,
		"http://[::1]:3000/cb":                        nativeOrDev,
		"http://localhost:3000/cb":                    dev,
		"com.example.app:/callback":                   native,
		"com.example.app://host/callback":             native,
		"http://app.example.org/cb":                   nobody,
		"http://127.0.0.2/cb":                         nobody,
		"http://localhost.example.org/cb":             nobody,
		"https://app.example.org/cb#":                 nobody,
		"https://app.example.org/cb#x":                nobody,
		"https://user@app.example.org/cb":             nobody,
		"https://user:pw@app.example.org/cb":          nobody,
		"https://@app.example.org/cb":                 nobody,
		"https://app.example.org\\@evil.example/cb":   nobody,
		"https:\\\\app.example.org/cb":                nobody,
		"https:app.example.org/cb":                    nobody,
		"https:///cb":                                 nobody,
		"https:/cb":                                   nobody,
		"//app.example.org/cb":                        nobody,
		"/cb":                                         nobody,
		"":                                            nobody,
		"*":                                           nobody,
		"https://*.example.org/cb":                    nobody,
		"https://app.example.org/a/../cb":             nobody,
		"https://app.example.org/./cb":                nobody,
		"https://app.example.org/%2e%2e/cb":           nobody,
		"https://app.example.org/%2E/cb":              nobody,
		"HTTPS://app.example.org/cb":                  nobody,
		"https://App.example.org/cb":                  nobody,
		"https://app.example.org./cb":                 nobody,
		"https://app..example.org/cb":                 nobody,
		"https://app.example.org:/cb":                 nobody,
		"https://app.example.org:0/cb":                nobody,
		"https://app.example.org:65536/cb":            nobody,
		"https://app.example.org:0443/cb":             nobody,
		"https://app.example.org/c b":                 nobody,
		"https://app.example.org/c\tb":                nobody,
		"https://app.example.org/c\nb":                nobody,
		" https://app.example.org/cb":                 nobody,
		"https://bücher.example/cb":                   nobody,
		"https://app.example.org/ü":                   nobody,
		"https://app.example.org/%zz":                 nobody,
		"https://2130706433/cb":                       nobody,
		"https://0x7f.1/cb":                           nobody,
		"https://127.1/cb":                            nobody,
		"https://0177.0.0.1/cb":                       nobody,
		"https://[::ffff:127.0.0.1%25eth0]/cb":        nobody,
		"https://[fe80::1%25eth0]/cb":                 nobody,
		"https://[0:0:0:0:0:0:0:1]/cb":                nobody,
		"javascript://app.example.org/%0aalert(1)":    nobody,
		"javascript:alert(1)":                         nobody,
		"JaVaScRiPt:alert(1)":                         nobody,
		"data:text/html,x":                            nobody,
		"vbscript:x":                                  nobody,
		"file:///etc/passwd":                          nobody,
		"blob:https://app.example.org/x":              nobody,
		"about:blank":                                 nobody,
		"myapp:/callback":                             nobody,
		"com.example.app:callback":                    nobody,
		"https://" + strings.Repeat("a", 64) + ".org": nobody,
		"https://a.org/" + strings.Repeat("a", 2048):  nobody,
	} {
		for _, in := range []Addresses{{}, {Dev: true}} {
			for _, kind := range []Type{Web, Native} {
				want := who == everybody || who == native && kind == Native || who == dev && in.Dev || who == nativeOrDev && (in.Dev || kind == Native)
				if fault := in.Redirect(text, kind); (fault == "") != want {
					t.Errorf("%s, dev %v: %q: %q", kind, in.Dev, text, fault)
				}
			}
		}
	}
}

// TH-9 TH-34: an origin is what browsers send, or it never matches.
func TestOrigin(t *testing.T) {
	for text, want := range map[string]bool{
		"https://app.example.org": true, "https://app.example.org:8443": true, "https://[2001:db8::1]": true,
		"https://app.example.org/": false, "https://app.example.org:443": false, "https://app.example.org?x": false, "https://App.example.org": false,
		"http://app.example.org": false, "http://localhost:3000": false, "null": false, "*": false, "https://*.example.org": false, "com.example.app://x": false,
		"app.example.org": false, "https://u@app.example.org": false, "": false,
	} {
		if fault := (Addresses{}).Origin(text); (fault == "") != want {
			t.Errorf("%q: %q", text, fault)
		}
	}
	dev := Addresses{Dev: true}
	if dev.Origin("http://localhost:3000") != "" || dev.Origin("http://localhost:80") == "" || dev.Origin("http://app.example.org") == "" {
		t.Error("development takes other origins than those of this machine")
	}
	if dev.Endpoint("http://127.0.0.1:3000/out") != "" || dev.Endpoint("com.example.app:/out") == "" || (Addresses{}).Endpoint("https://a.example/out") != "" {
		t.Error("endpoints")
	}
}

// OA-1 OA-3: what is accepted means one thing to everybody: it is written in the
// only way it can be, leads to the host it shows, and cannot break a header.
func FuzzRedirectURI(f *testing.F) {
	for _, seed := range []string{
		"https://app.example.org/cb", "http://127.0.0.1:1/cb", "com.example.app:/cb", "https://a@b/", "https://a/%2e%2e/b", "javascript://a/%0a", "https://[::1]/", "https://a\\@b", "https://0x7f.1",
	} {
		f.Add(seed, true, true)
	}
	f.Fuzz(func(t *testing.T, text string, native, dev bool) {
		kind := Web
		if native {
			kind = Native
		}
		in := Addresses{Dev: dev}
		if in.Redirect(text, kind) != "" {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.String() != text || !u.IsAbs() || u.User != nil || u.Fragment != "" || strings.ContainsAny(text, "#\\ \t\r\n\"<>") {
			t.Fatalf("%q reads as %q: %v", text, u, err)
		}
		switch u.Scheme {
		case "https":
			if u.Hostname() == "" || !strings.HasPrefix(text, "https://"+u.Host) || strings.ToLower(u.Host) != u.Host {
				t.Fatalf("%q leads to %q", text, u.Host)
			}
		case "http":
			if h := u.Hostname(); h != "127.0.0.1" && h != "::1" && (h != "localhost" || !dev) || !native && !dev {
				t.Fatalf("%q", text)
			}
		default:
			if !native || !strings.Contains(u.Scheme, ".") {
				t.Fatalf("%q", text)
			}
		}
		for _, part := range strings.Split(u.Path, "/") {
			if part == ".." || part == "." {
				t.Fatalf("%q is resolved by browsers", text)
			}
		}
		// Resolving it against another page leaves it as it is.
		base := url.URL{Scheme: "https", Host: "id.example.org", Path: "/oauth2/authorize"}
		if got := base.ResolveReference(u).String(); got != text && got != text+"/" {
			t.Fatalf("%q resolves to %q", text, got)
		}
		c := Client{Type: kind, RedirectURIs: []string{text}}
		if !c.Matches(text) || c.Matches(text+"/") || c.Matches(text+"?") || c.Matches(text+"#") {
			t.Fatalf("%q matches more than itself", text)
		}
	})
}
