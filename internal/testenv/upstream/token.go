package upstream

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"strings"
)

func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		s.refuse(w, "invalid_request", "")
		return
	}
	_ = r.ParseForm()
	if !s.authenticated(r) || s.has(RefuseSecret) {
		s.refuse(w, "invalid_client", "The provided client secret is invalid.")
		return
	}
	switch f := r.PostForm; f.Get("grant_type") {
	case "authorization_code":
		s.redeem(w, f)
	case "refresh_token":
		s.refreshed(w, f.Get("refresh_token"))
	case "":
		if s.Kind == GitHub { // does not want one
			s.redeem(w, f)
			return
		}
		s.refuse(w, "invalid_request", "")
	default:
		s.refuse(w, "unsupported_grant_type", "")
	}
}

func (s *Service) redeem(w http.ResponseWriter, f url.Values) {
	s.mu.Lock()
	g, known := s.codes[f.Get("code")]
	delete(s.codes, f.Get("code"))
	s.mu.Unlock()
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	proven := s.Kind == Apple || base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge
	if !known || g.callback != f.Get("redirect_uri") || !proven {
		s.refuse(w, "invalid_grant", "The code passed is incorrect or expired.")
		return
	}
	access := "at-" + rand.Text()
	body := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3599, "scope": g.scope}
	if s.Kind == GitHub {
		body["token_type"], body["scope"] = "bearer", strings.ReplaceAll(g.scope, " ", ",")
		delete(body, "expires_in")
	}
	s.mu.Lock()
	s.access[access] = g.person
	if s.Kind == Apple || strings.Contains(g.scope, "offline_access") || s.last.Get("access_type") == "offline" || s.Kind == OAuth2 || s.Kind == GitLab {
		refresh := "rt-" + rand.Text()
		s.refresh[refresh] = g.person.Subject
		body["refresh_token"] = refresh
	}
	s.mu.Unlock()
	if s.Kind != GitHub && s.Kind != OAuth2 && !s.has(NoIDToken) {
		body["id_token"] = s.idToken(g, access)
	}
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusOK, body)
}

// refreshed turns refresh tokens over, as GitLab does; the others keep theirs.
func (s *Service) refreshed(w http.ResponseWriter, old string) {
	s.mu.Lock()
	subject, known := s.refresh[old]
	body := map[string]any{"access_token": "at-" + rand.Text(), "token_type": "Bearer", "expires_in": 3599}
	if s.Kind == GitLab && known {
		delete(s.refresh, old)
		fresh := "rt-" + rand.Text()
		s.refresh[fresh] = subject
		body["refresh_token"] = fresh
	}
	s.mu.Unlock()
	if !known {
		s.refuse(w, "invalid_grant", "Token has been expired or revoked.")
		return
	}
	answer(w, http.StatusOK, body)
}

// refuse says so as the service does.
func (s *Service) refuse(w http.ResponseWriter, code, description string) {
	body := map[string]any{"error": code, "error_description": description}
	status := http.StatusBadRequest
	switch {
	case s.Kind == GitHub:
		status = http.StatusOK
		if code == "invalid_grant" {
			body["error"] = "bad_verification_code"
		}
		body["error_uri"] = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/"
	case s.Kind == Microsoft:
		body["error_description"] = "AADSTS70000: " + description
		body["error_codes"], body["trace_id"], body["correlation_id"] = []int{70000}, "0000aaaa-11bb-cccc-dd22-eeeeee333333", "aaaa0000-bb11-2222-33cc-444444dddddd"
	case code == "invalid_client":
		status = http.StatusUnauthorized
	}
	answer(w, status, body)
}

// authenticated checks who asks, by the ways that the service takes.
func (s *Service) authenticated(r *http.Request) bool {
	f := r.PostForm
	id, secret, basic := r.BasicAuth()
	switch {
	case s.Kind == Apple:
		return f.Get("client_id") == ClientID && s.isAppleSecret(f.Get("client_secret"))
	case f.Has("client_assertion"):
		return s.Kind == OIDC && !basic && !f.Has("client_secret") && s.isAssertion(f.Get("client_assertion"), ClientID)
	case basic && (f.Has("client_secret") || s.Kind == GitHub):
		return false
	case basic:
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
		return id == ClientID && secret == Secret
	}
	return f.Get("client_id") == ClientID && f.Get("client_secret") == Secret
}

func (s *Service) revoke(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if r.Method != http.MethodPost || !s.authenticated(r) {
		s.refuse(w, "invalid_client", "")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := r.PostForm.Get("token")
	delete(s.refresh, token)
	delete(s.access, token)
	s.revoked = append(s.revoked, token)
}

func (s *Service) loggedOut(w http.ResponseWriter, r *http.Request) {
	if to := r.URL.Query().Get("post_logout_redirect_uri"); to != "" {
		http.Redirect(w, r, to+"?state="+url.QueryEscape(r.URL.Query().Get("state")), http.StatusFound)
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	inner, _, _ := strings.Cut(rest, to)
	return unescape(inner)
}

func unescape(s string) string { return html.UnescapeString(s) }
