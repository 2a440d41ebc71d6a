package authorize

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/claims"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/secret"
)

// OA-4 OA-26: whatever is asked, a browser is only sent to a registered address, by
// registered words, and with the state as it came.
func FuzzRequest(f *testing.F) {
	for _, p := range []Params{wanting("rp", callback), wanting("phone", "http://127.0.0.1:8/cb"), wanting("house", callback+"#"), {"client_id": {"rp"}, "request_uri": {urn + "x"}}} {
		f.Add(url.Values(p).Encode())
	}
	f.Add("client_id=rp&redirect_uri=" + url.QueryEscape(callback) + "&response_type=code+id_token&prompt=none&max_age=99999999999999999999&claims={}&authorization_details=[]")
	f.Fuzz(func(t *testing.T, query string) {
		p, err := url.ParseQuery(query)
		if err != nil || !utf8.ValidString(query) {
			return
		}
		r := newRig(t)
		v := Visit{Browser: secret.New(authreq.BrowserPurpose).Reveal()}
		s, err := r.Begin(t.Context(), p, v)
		if err == nil && (s.Kind == Done || s.Handle == "") {
			t.Fatalf("%+v for nobody", s)
		}
		refusal, ok := RefusalOf(err)
		if !ok {
			return
		}
		a := refusal.Response
		if c := r.clients[one(p, "client_id")]; !c.Matches(a.To) {
			t.Fatalf("sent to %q", a.To)
		}
		for _, kv := range a.Params {
			if kv[0] == "state" && !slices.Contains(p["state"], kv[1]) || kv[0] == "error_description" && describe(kv[1]) != kv[1] {
				t.Fatalf("%q", kv)
			}
		}
		if len(r.codes) > 0 {
			t.Fatal("a code")
		}
	})
}

// OA-1 OA-2: an address matches itself, and on loopback another port, and nothing else.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{callback, callback + "/", "http://127.0.0.1:1/cb", "http://127.0.0.1@evil/cb", "http://[::1]:80/cb", "http://127.0.0.1:/cb", "HTTP://127.0.0.1/cb", "http://127.1/cb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		web := client.Client{Type: client.Web, RedirectURIs: []string{callback}}
		if web.Matches(sent) != (sent == callback) {
			t.Fatalf("%q", sent)
		}
		native := client.Client{Type: client.Native, RedirectURIs: []string{"http://127.0.0.1/cb"}}
		port := strings.TrimSuffix(strings.TrimPrefix(sent, "http://127.0.0.1"), "/cb")
		if native.Matches(sent) && port != "" && (port[0] != ':' || strings.Trim(port[1:], "0123456789") != "") {
			t.Fatalf("%q", sent)
		}
	})
}

// OA-76: what is taken is written in one way, and reads back as the same.
func FuzzDetails(f *testing.F) {
	f.Add(`[{"type":"payment","to":"Ben","amount":{"value":1.50},"tags":["a"],"now":true}]`)
	f.Add(`[{"to":"Ben\u202e","type":"payment"}]`)
	f.Fuzz(func(t *testing.T, text string) {
		objects, err := parseDetails(text)
		if err != nil {
			return
		}
		for _, o := range objects {
			d, err := readDetail(payment, o)
			if err != nil {
				continue
			}
			again, err := parseDetails("[" + string(d.object) + "]")
			if err != nil {
				t.Fatalf("%s: %v", d.object, err)
			}
			b, err := json.Marshal(again[0])
			if err != nil || !bytes.Equal(b, d.object) {
				t.Fatalf("%s became %s", d.object, b)
			}
			for _, line := range d.fields {
				if strings.ContainsAny(line[1], "\n\r\u202e") {
					t.Fatalf("shown: %q", line)
				}
			}
		}
	})
}

// What is kept of a claims parameter asks for the same again.
func FuzzClaims(f *testing.F) {
	f.Add(`{"userinfo":{"name":null},"id_token":{"sub":{"value":"x"},"acr":{"essential":true,"values":["1"]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		asked, err := claims.Parse(text)
		if err != nil {
			return
		}
		again, err := claims.Parse(string(asked.JSON()))
		if err != nil || !bytes.Equal(again.JSON(), asked.JSON()) {
			t.Fatalf("%s, then %s: %v", asked.JSON(), again.JSON(), err)
		}
	})
}
