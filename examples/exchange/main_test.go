package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mortise-auth/mortise/examples/notes"
	"github.com/mortise-auth/mortise/examples/walk"
)

func TestMain(m *testing.M) { walk.Main(m) }

// OA-62
func TestJourney(t *testing.T) {
	inside, notesURL := walk.Listen(t)
	outside, countURL := walk.Listen(t)
	issuer := walk.Mortise(t, "apply.yaml", "http://localhost:4000", notesURL, "http://localhost:4001", countURL)
	for _, api := range []struct {
		self, client string
	}{{notesURL, "notes-api"}, {countURL, "count-api"}} {
		v, err := connect(t.Context(), issuer, api.self, api.client)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { v.Close() })
		if api.self == notesURL {
			walk.Serve(t, inside, notes.Handler(v))
		} else {
			walk.Serve(t, outside, handler(v, issuer, notesURL))
		}
	}

	forNotes, forCount := signIn(t, issuer, notesURL), signIn(t, issuer, countURL)
	if status, body := ask(t, "POST", notesURL+"/notes", forNotes.Access, `{"text":"Buy milk"}`); status != 204 {
		t.Fatalf("writing: %d %s", status, body)
	}
	status, body := ask(t, "GET", countURL+"/count", forCount.Access, "")
	var said struct {
		Of, By string
		Count  int
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != 200 {
		t.Fatalf("counting: %d %s", status, body)
	}
	if !strings.HasPrefix(said.Of, "usr_") || said.By != "count-api" || said.Count != 1 {
		t.Errorf("the notes API says %+v", said)
	}
	// A token is for one API, and only who may exchange it does.
	if status, _ := ask(t, "GET", notesURL+"/notes", forCount.Access, ""); status != 401 {
		t.Errorf("a token for another API: %d", status)
	}
	if status, _ := ask(t, "GET", countURL+"/count", forNotes.Access, ""); status != 401 {
		t.Errorf("a token for another API: %d", status)
	}
	if _, err := (&counter{issuer, notesURL}).exchange(t.Context(), forNotes.Access); err == nil {
		t.Error("a token that was not for it was exchanged")
	}
	if _, err := (&counter{issuer, countURL}).exchange(t.Context(), forCount.Access); err == nil {
		t.Error("it got a token for an API that is not in its registration")
	}

	// What was exchanged ends with what it was made of.
	made, err := (&counter{issuer, notesURL}).exchange(t.Context(), forCount.Access)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"client_id": {"phone"}, "token": {forCount.Refresh}}
	resp, err := http.PostForm(issuer+"/oauth2/revoke", form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	walk.Until(t, "the exchanged token to die", func() bool {
		status, _ := ask(t, "GET", notesURL+"/notes", made, "")
		return status == 401
	})
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// signIn gets Ada tokens for one API.
func signIn(t *testing.T, issuer, resource string) (got tokens) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"identifier": "ada@example.test", "password": "correct horse battery staple", "deliver": "tokens", "client_id": "phone", "resource": []string{resource},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, text := ask(t, "POST", issuer+"/api/v1/signin", "", string(body))
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 || got.Access == "" || got.Refresh == "" {
		t.Fatalf("sign-in: %d %s", status, text)
	}
	return got
}

func ask(t *testing.T, method, address, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
