package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// issuerSketch answers the two endpoints that sdk/js knows as the program does:
// one cookie that each renewal replaces, for one origin.
type issuerSketch struct {
	origin string
	mu     sync.Mutex
	live   string // the refresh token
}

const sketchCookie = "mortise-rt-0123456789abcdef"

func sketch(t *testing.T, origin string) (issuer string) {
	t.Helper()
	s := &issuerSketch{origin: origin}
	srv := httptest.NewServer(http.StripPrefix("/auth/api/v1", s))
	t.Cleanup(srv.Close)
	return strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) + "/auth"
}

func (s *issuerSketch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Header.Get("Origin") != s.origin || r.URL.Query().Get("client_id") != "spa" {
		sketchProblem(w, http.StatusForbidden, "client_origin")
		return
	}
	h.Set("Vary", "Origin")
	h.Set("Access-Control-Allow-Origin", s.origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "POST")
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var in struct {
		ClientID                      string `json:"client_id"`
		Identifier, Password, Deliver string
		End                           bool
	}
	if r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&in) != nil || in.ClientID != "spa" {
		sketchProblem(w, http.StatusBadRequest, "malformed")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.URL.Path == "/signin" && in.Deliver == "tokens" && in.Identifier == sdkPerson && in.Password == sdkPassword:
		s.answer(w, map[string]any{"status": "complete", "user": map[string]string{"id": "usr_1", "email": sdkPerson}, "session": map[string]string{"id": "ses_1"}})
	case r.URL.Path == "/signin":
		sketchProblem(w, http.StatusUnauthorized, "credentials_wrong")
	case in.End:
		s.live = ""
		http.SetCookie(w, &http.Cookie{Name: sketchCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "ended"})
	default:
		c, err := r.Cookie(sketchCookie)
		if err != nil || s.live == "" || c.Value != s.live {
			sketchProblem(w, http.StatusBadRequest, "invalid_grant")
			return
		}
		s.answer(w, map[string]any{"status": "complete"})
	}
}

func (s *issuerSketch) answer(w http.ResponseWriter, out map[string]any) {
	s.live = rand.Text()
	http.SetCookie(w, &http.Cookie{Name: sketchCookie, Value: s.live, Path: "/", MaxAge: 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	out["access_token"], out["token_type"], out["expires_in"], out["scope"] = rand.Text(), "Bearer", 600, "openid"
	out["id_token"] = "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"usr_1","sid":"ses_1"}`)) + ".c2ln"
	_ = json.NewEncoder(w).Encode(out)
}

func sketchProblem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "code": code, "detail": "No."})
}
