package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

// OA-86
func TestJourney(t *testing.T) {
	l, self := walk.Listen(t)
	issuer := walk.Mortise(t, "apply.yaml", "http://localhost:4000", self)
	v, err := connect(t.Context(), issuer, self)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	walk.Serve(t, l, handler(v))

	status, header, body := ask(t, http.DefaultClient, "GET", self+"/.well-known/oauth-protected-resource")
	if status != 200 || !strings.Contains(body, `"authorization_servers":["`+issuer+`"]`) || !strings.Contains(body, "notes:write") {
		t.Errorf("metadata: %d %s", status, body)
	}
	status, header, _ = ask(t, http.DefaultClient, "GET", self+"/notes")
	if said := header.Get("WWW-Authenticate"); status != 401 || !strings.Contains(said, self+"/.well-known/oauth-protected-resource") {
		t.Errorf("nobody: %d %s", status, said)
	}
	reader := clientcredentials.Config{
		ClientID: "reader", ClientSecret: "not-a-real-secret-0123456789abcdef", TokenURL: issuer + "/oauth2/token",
	}
	client := reader.Client(t.Context())
	if status, _, body = ask(t, client, "GET", self+"/notes"); status != 200 || !strings.Contains(body, `"of":"reader"`) {
		t.Errorf("the reader: %d %s", status, body)
	}
	status, header, _ = ask(t, client, "POST", self+"/notes")
	if said := header.Get("WWW-Authenticate"); status != 403 || !strings.Contains(said, "insufficient_scope") {
		t.Errorf("the reader writes: %d %s", status, said)
	}

	// A token that its client gave back is dead here too.
	held, err := reader.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	give, err := http.NewRequestWithContext(t.Context(), "POST", issuer+"/oauth2/revoke", strings.NewReader(url.Values{"token": {held.AccessToken}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	give.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	give.SetBasicAuth(reader.ClientID, reader.ClientSecret)
	resp, err := http.DefaultClient.Do(give)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Fatal(resp.Status)
	}
	walk.Until(t, "the token to die", func() bool {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", self+"/notes", nil)
		held.SetAuthHeader(r)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode == 401
	})
}

func ask(t *testing.T, c *http.Client, method, address string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}
