package authorize

import (
	"net/url"
	"strings"
	"testing"

	flow "github.com/mortise-auth/mortise/internal/authorize"
)

// FuzzParameters: a query is read as every other reader of forms reads it, or
// refused: nothing is read that a proxy in front would have read otherwise (OA-10).
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		"", "client_id=a&state=%C3%A4+%2B", "a=1&a=2", "a=&b", "=x", "a;b=c", "%zz=1", "a=%00", "a=%ff", "&&&", strings.Repeat("a=1&", 70),
		"redirect_uri=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D2&resource=a&resource=b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parameters(text)
		if err != nil {
			return
		}
		want, err := url.ParseQuery(text)
		if err != nil {
			t.Fatalf("%q is taken, and is no query: %v", text, err)
		}
		for name, values := range want {
			var said []string
			for _, v := range values {
				if v != "" {
					said = append(said, v)
				}
			}
			if strings.Join(said, "\x00") != strings.Join(got[name], "\x00") {
				t.Fatalf("%q: %s is %q, want %q", text, name, got[name], said)
			}
		}
	})
}

// FuzzAddress: whatever goes back lands at the address the client is registered
// with, with each parameter as it was (OA-18, OA-25).
func FuzzAddress(f *testing.F) {
	for _, to := range []string{"https://a.example/cb", "https://a.example/cb?x=1", "com.example.app:/cb", "http://127.0.0.1:8080/"} {
		f.Add(to, "a b&c=d#e?f", "ä\u2028\"<>", false)
		f.Add(to, "", "x", true)
	}
	f.Fuzz(func(t *testing.T, to, state, description string, fragment bool) {
		was, err := url.Parse(to)
		if err != nil || strings.ContainsAny(to, "#\\ \t\r\n") || was.Fragment != "" {
			return // not an address that can be registered
		}
		a := flow.Response{Mode: flow.Query, To: to, Params: [][2]string{{"error_description", description}, {"state", state}}}
		if fragment {
			a.Mode = flow.Fragment
		}
		u, err := url.Parse(Address(a))
		if err != nil || u.Scheme != was.Scheme || u.Host != was.Host || u.Path != was.Path || u.Opaque != was.Opaque {
			t.Fatalf("%q: %v", Address(a), err)
		}
		text := u.RawQuery
		if fragment {
			text = u.EscapedFragment()
		}
		q, err := url.ParseQuery(text)
		if old, bad := url.ParseQuery(was.RawQuery); err != nil && bad == nil || bad == nil && (old.Has("state") || old.Has("error_description")) {
			return // an address with such parameters of its own
		}
		if err == nil && (q.Get("state") != state || q.Get("error_description") != description) {
			t.Fatalf("%q says %q", Address(a), q)
		}
	})
}
