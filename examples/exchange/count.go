package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/verify"
)

// handler serves GET /count: how many notes the caller has.
func handler(v *verify.Verifier, issuer, notesURL string) http.Handler {
	c := &counter{issuer, notesURL}
	mux := http.NewServeMux()
	mux.Handle("GET /count", v.Require(verify.Scope("notes:read"))(http.HandlerFunc(c.count)))
	return mux
}

type counter struct{ issuer, notesURL string }

func (c *counter) count(w http.ResponseWriter, r *http.Request) {
	_, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ") // Require has checked it
	token, err := c.exchange(r.Context(), shown)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	all, err := c.notes(r.Context(), token)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"of": all.Of, "by": all.By, "count": len(all.Notes)})
}

// exchange gets a token for the notes, of the person that the token shown is about. A
// busy program keeps it until it expires, and for that person only.
func (c *counter) exchange(ctx context.Context, shown string) (string, error) {
	form := url.Values{
		"grant_type":         {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token":      {shown},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"resource":           {c.notesURL},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.issuer+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("count-api", secrets["count-api"])
	var got struct {
		Token string `json:"access_token"`
	}
	err = answer(r, &got)
	return got.Token, err
}

// owned is what the notes API answers.
type owned struct {
	Of    string   // the person
	By    string   // who asks for them
	Notes []string // theirs
}

func (c *counter) notes(ctx context.Context, token string) (all owned, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.notesURL+"/notes", nil)
	if err != nil {
		return all, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	err = answer(r, &all)
	return all, err
}

func answer(r *http.Request, to any) error {
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", r.URL.Path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(to)
}
