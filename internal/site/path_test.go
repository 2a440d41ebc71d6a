package site

import (
	"errors"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// SE-52: what can be read in two ways is refused, whoever reads it.
func TestAmbiguousPaths(t *testing.T) {
	for _, target := range []string{
		"", "a", "*", "http://x/a", "/a/../b", "/a/..", "/..", "/.", "/./a", "/a/.", "/a//b", "//", "//a", "/a//", "/%2e%2e/a", "/%2E/a", "/a/%2e", "/.%2e/a",
		"/a%2fb", "/a%2Fb", "/a%5cb", "/a\\b", "/a%00", "/a\x00", "/a%0a", "/a%0d%0aX: y", "/a%7f", "/a b", "/a%", "/a%2", "/a%zz", "/%252e%252e/a", "/%25%32%65",
		"/a%25u002e", "/a%2525", "/a;b", "/a%3bb", "/a/..;/b", "/a#b", "/a?b#c", "/a?b c", "/\xff", "/%ff", "/%c0%ae%c0%ae/a", "/%c2%85", "/%e2%80%a8", "/a?\x7f",
		"/" + strings.Repeat("a", MaxTarget),
	} {
		if got, err := Path(target); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%q is %q, %v", target, got, err)
		}
	}
	for target, want := range map[string]string{
		"/": "/", "/?": "/", "/a": "/a", "/a/": "/a/", "/%61dmin": "/admin", "/a%20b": "/a b", "/100%25": "/100%", "/caf%C3%A9": "/café", "/a?x=/../%2f": "/a",
		"/a..b": "/a..b", "/...": "/...", "/a%3fb": "/a?b", "/a%23b": "/a#b", "/.well-known/x": "/.well-known/x", "/a+b": "/a+b", "/a=b&c": "/a=b&c", "/@a:b": "/@a:b",
	} {
		if got, err := Path(target); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", target, got, err, want)
		}
	}
}

// readings are ways in which servers read the path of a target.
func readings(raw string) []string {
	once, err := url.PathUnescape(raw)
	if err != nil {
		return []string{raw}
	}
	all := []string{once, path.Clean(once), path.Clean(strings.ReplaceAll(once, "\\", "/"))}
	if twice, err := url.PathUnescape(once); err == nil {
		all = append(all, path.Clean(twice))
	}
	return all
}

// agrees fails when a path that was judged could be another one to somebody.
func agrees(t interface{ Fatalf(string, ...any) }, target string) {
	got, err := Path(target)
	if err != nil {
		return
	}
	raw, _, _ := strings.Cut(target, "?")
	for _, r := range readings(raw) {
		if strings.TrimSuffix(r, "/") != strings.TrimSuffix(got, "/") {
			t.Fatalf("%q was judged as %q, another reads %q", target, got, r)
		}
	}
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Path != got || !utf8.ValidString(got) {
		t.Fatalf("%q was judged as %q, net/url reads %v, %v", target, got, u, err)
	}
	again, err := Path((&url.URL{Path: got}).EscapedPath())
	if err != nil && !strings.ContainsAny(got, "%") || err == nil && again != got {
		t.Fatalf("%q written anew is judged as %q, %v", got, again, err)
	}
}

// SE-52: normalised once means that every reader reads the same.
func TestPathsAreReadOnce(t *testing.T) {
	part := rapid.SampledFrom([]string{"/", "/", "a", "secret", ".", "..", "%2e", "%2f", "%5c", "%25", "2e", "%61", "%c3%a9", "\\", ";", "%00", "?", "#", " ", "é", "%", "+", "@"})
	rapid.Check(t, func(t *rapid.T) {
		agrees(t, "/"+strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), ""))
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "/a/%2e%2e/b", "/a%252fb", "/caf%C3%A9?x#y", "//a", "/a;b", "/\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) { agrees(t, target) })
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"app.example.org", "A.B:443", "[::1]:80", "a..b", "a:0", "a@b", "-a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := Host(s, "https")
		if !ok {
			return
		}
		if again, ok := Host(h, "https"); !ok || again != h {
			t.Fatalf("%q is %q, then %q", s, h, again)
		}
		if u, err := url.Parse("https://" + h + "/x"); err != nil || u.Host != h || u.User != nil {
			t.Fatalf("%q is not the host of its URL: %v", h, err)
		}
	})
}

// SE-55: hosts are compared as whole names.
func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"App.Example.org": "app.example.org", "app.example.org:443": "app.example.org", "app.example.org:8443": "app.example.org:8443", "[::1]:8443": "[::1]:8443", "10.0.0.1": "10.0.0.1",
	} {
		if got, ok := Host(in, "https"); !ok || got != want {
			t.Errorf("%q is %q, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "a b", "a/b", "a@b", "a..b", ".a", "a.", "-a", "a-.b", "a:", "a:0", "a:080", "a:70000", "a:b", "::1", "[::1", "[a]", "a#b", "a?b", "ä", "a\\b", "a,b", strings.Repeat("a", 64)} {
		if got, ok := Host(in, "https"); ok {
			t.Errorf("%q is %q", in, got)
		}
	}
}

// SE-55: the first rule that fits decides, and none is no.
func TestMatch(t *testing.T) {
	s, err := Site{Host: "app.example.org", Rules: []Rule{
		{Paths: []string{"/metrics"}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Action: Allow},
		{Paths: []string{"/admin/*"}, Action: Require, Roles: []string{"admin"}},
		{Paths: []string{"/api/*"}, Methods: []string{"get", "HEAD"}, Action: Allow},
		{Paths: []string{"/a"}, Action: Deny},
	}}.Clean()
	if err != nil {
		t.Fatal(err)
	}
	c := Compile(s)
	in, out := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1")
	for _, tt := range []struct {
		path, method string
		from         netip.Addr
		want         int // of the rule; -1: none
	}{
		{"/metrics", "GET", in, 0},
		{"/metrics", "GET", out, -1},
		{"/metrics", "GET", netip.Addr{}, -1},
		{"/metrics/", "GET", in, -1},
		{"/admin", "GET", out, 1},
		{"/admin/", "GET", out, 1},
		{"/admin/x/y", "DELETE", out, 1},
		{"/administer", "GET", out, -1},
		{"/Admin", "GET", out, -1},
		{"/api/x", "GET", out, 2},
		{"/api/x", "POST", out, -1},
		{"/api/x", "get", out, -1},
		{"/api/x", "OPTIONS", out, -1},
		{"/a", "GET", out, 3},
		{"/", "GET", out, -1},
	} {
		got := c.Match(tt.path, tt.method, tt.from)
		want := (*Rule)(nil)
		if tt.want >= 0 {
			want = &c.Rules[tt.want]
		}
		if got != want {
			t.Errorf("%s %s: %+v", tt.method, tt.path, got)
		}
	}
}

func TestClean(t *testing.T) {
	for name, s := range map[string]Site{
		"no host":           {},
		"audience":          {Host: "a", Audience: "a b"},
		"no action":         {Host: "a", Rules: []Rule{{}}},
		"allow with a role": {Host: "a", Rules: []Rule{{Action: Allow, Roles: []string{"x"}}}},
		"deny with a time":  {Host: "a", Rules: []Rule{{Action: Deny, FreshWithin: 1}}},
		"encoded path":      {Host: "a", Rules: []Rule{{Action: Deny, Paths: []string{"/a%20b"}}}},
		"star inside":       {Host: "a", Rules: []Rule{{Action: Deny, Paths: []string{"/a*/b"}}}},
		"relative":          {Host: "a", Rules: []Rule{{Action: Deny, Paths: []string{"a"}}}},
		"dots":              {Host: "a", Rules: []Rule{{Action: Deny, Paths: []string{"/a/../b"}}}},
		"double slash":      {Host: "a", Rules: []Rule{{Action: Deny, Paths: []string{"/a//*"}}}},
		"method":            {Host: "a", Rules: []Rule{{Action: Deny, Methods: []string{"G T"}}}},
		"roles nowhere":     {Host: "a", Rules: []Rule{{Action: Require, OrgRoles: []string{"x"}}}},
		"assurance":         {Host: "a", Rules: []Rule{{Action: Require, Assurance: 4}}},
		"empty member":      {Host: "a", Rules: []Rule{{Action: Require, Roles: []string{""}}}},
	} {
		if _, err := s.Clean(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
