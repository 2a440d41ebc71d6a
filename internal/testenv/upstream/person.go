package upstream

import (
	"encoding/json"
	"net/http"
	"strings"
)

// bearer is whose access token the request has.
func (s *Service) bearer(w http.ResponseWriter, r *http.Request) (Person, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	p, known := s.access[token]
	s.mu.Unlock()
	if ok && known {
		return p, true
	}
	if s.Kind == GitHub {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"})
		return p, false
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	w.WriteHeader(http.StatusUnauthorized)
	return p, false
}

func (s *Service) userInfo(w http.ResponseWriter, r *http.Request) {
	p, ok := s.bearer(w, r)
	if !ok {
		return
	}
	if r.UserAgent() == "" {
		http.Error(w, "Request forbidden by administrative rules.", http.StatusForbidden)
		return
	}
	claims := s.profile(p)
	if s.has(OtherPersonInfo) {
		claims["sub"] = "somebody-else"
	}
	s.edit(claims)
	answer(w, http.StatusOK, claims)
}

// edit makes claims what they were said to be.
func (s *Service) edit(claims map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	replace(claims, s.more)
}

func replace(claims, more map[string]any) {
	for name, value := range more {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
}

// profile is what the endpoint for it tells of a person.
func (s *Service) profile(p Person) map[string]any {
	verified := p.Verified && !s.has(Unverified)
	switch s.Kind {
	case GitHub:
		return map[string]any{
			"login": strings.ToLower(p.Given), "id": json.Number(p.Subject), "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
			"gravatar_id": "", "url": "https://api.github.com/users/octocat", "html_url": "https://github.com/octocat", "type": "User", "user_view_type": "private",
			"site_admin": false, "name": orNull(p.Name), "company": nil, "blog": "", "location": nil, "email": "shown@example.com", "hireable": nil, "bio": nil,
			"public_repos": 2, "public_gists": 1, "followers": 20, "following": 0, "created_at": "2008-01-14T04:33:35Z", "updated_at": "2008-01-14T04:33:35Z",
			"private_gists": 81, "two_factor_authentication": true, "plan": map[string]any{"name": "pro", "space": 400, "private_repos": 20, "collaborators": 0},
		}
	case OAuth2:
		return map[string]any{
			"account": map[string]any{"number": json.Number(p.Subject), "mail": p.Email, "mail_confirmed": verified},
			"profile": map[string]any{"display_name": p.Name}, "teams": p.Groups,
		}
	case GitLab:
		return map[string]any{
			"sub": p.Subject, "sub_legacy": "0123", "name": p.Name, "nickname": strings.ToLower(p.Given), "preferred_username": strings.ToLower(p.Given),
			"email": p.Email, "email_verified": verified, "profile": "https://gitlab.com/ada", "picture": "https://gitlab.com/uploads/a.png", "groups": p.Groups,
		}
	}
	claims := map[string]any{"sub": p.Subject, "name": p.Name, "given_name": p.Given, "family_name": p.Family, "email": p.Email, "email_verified": verified}
	if p.Groups != nil {
		claims["groups"] = p.Groups
	}
	return claims
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// emails are GitHub's.
func (s *Service) emails(w http.ResponseWriter, r *http.Request) {
	p, ok := s.bearer(w, r)
	if !ok {
		return
	}
	if !strings.Contains(s.Last().Get("scope"), "user:email") {
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found", "status": "404"})
		return
	}
	var list []map[string]any
	for _, other := range p.OtherEmails {
		list = append(list, map[string]any{"email": other, "verified": true, "primary": false, "visibility": nil})
	}
	list = append(list, map[string]any{"email": p.Email, "verified": p.Verified && !s.has(Unverified), "primary": true, "visibility": "public"})
	answer(w, http.StatusOK, list)
}
