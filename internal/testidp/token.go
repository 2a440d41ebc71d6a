package testidp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

const tokenLife = 10 * time.Minute

// token is POST /token: a code for an ID token and an access token.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	if !p.authenticated(r) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	g, ok := p.take(r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case r.PostForm.Get("grant_type") != "authorization_code":
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	case !ok || g.redirect != r.PostForm.Get("redirect_uri") || g.pkce != base64.RawURLEncoding.EncodeToString(sum[:]):
		refuse(w, http.StatusBadRequest, "invalid_grant")
	case g.fault == Down:
		http.Error(w, "down, as was asked for", http.StatusServiceUnavailable)
	default:
		p.wait(r, g)
		p.issue(w, g)
	}
}

// wait is the fault Slow, as long as somebody listens.
func (p *Provider) wait(r *http.Request, g grant) {
	if g.fault != Slow {
		return
	}
	timer := time.NewTimer(p.o.Slow)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

func (p *Provider) authenticated(r *http.Request) bool {
	id, text, basic := r.BasicAuth()
	if basic {
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		text, err2 = url.QueryUnescape(text)
		if err1 != nil || err2 != nil {
			return false
		}
	} else {
		id, text = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	want := p.o.Client.Secret.Reveal()
	return id == p.o.Client.ID && subtle.ConstantTimeCompare([]byte(text), []byte(want)) == 1
}

// take spends a code.
func (p *Provider) take(code string) (grant, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.codes[code]
	delete(p.codes, code)
	return g, ok && p.o.Now().Before(g.chosen.Add(codeLife))
}

func (p *Provider) issue(w http.ResponseWriter, g grant) {
	access := p.keep(&p.access, g)
	claims := p.claims(g, g.fault)
	if g.fault == OtherUserInfo {
		claims = map[string]any{"sub": claims["sub"]} // so that the rest is asked for
	}
	now := p.o.Now()
	issued := now
	if g.fault == Expired {
		issued = now.Add(-time.Hour)
	}
	claims["iss"], claims["aud"], claims["sid"] = p.o.Issuer, p.o.Client.ID, g.session
	claims["iat"], claims["exp"], claims["auth_time"] = issued.Unix(), issued.Add(tokenLife).Unix(), g.chosen.Unix()
	claims["nonce"], claims["at_hash"] = p.replay(g), jwt.Half(jose.ES256, access)
	claims["acr"], claims["amr"] = "urn:testidp:chosen", []string{"pwd"}
	if g.fault == WrongAudience {
		claims["aud"] = "somebody-else"
	}
	id, err := p.sign("JWT", claims, g.fault == OldKey)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	write(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(tokenLife / time.Second), "id_token": id, "scope": g.scope,
	})
}

// replay is the nonce of the answer: the one that was asked for, or that of the
// answer before.
func (p *Provider) replay(g grant) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.nonce
	p.nonce = g.nonce
	if g.fault != Replayed {
		return g.nonce
	}
	if before == "" {
		before = "of-another-sign-in"
	}
	return before
}

func (p *Provider) sign(typ string, claims map[string]any, old bool) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	key := p.key
	if old {
		key = p.stale
	}
	p.mu.Unlock()
	return key.Sign(typ, payload)
}

// claims are what is told of a person.
func (p *Provider) claims(g grant, f Fault) map[string]any {
	who := g.person
	if f == NewSubject {
		who.Subject += ":again"
	}
	all := map[string]any{"sub": who.Subject}
	for name, value := range map[string]string{
		"name": who.Name, "given_name": who.GivenName, "family_name": who.FamilyName, "locale": who.Locale, "email": who.Email,
	} {
		if value != "" {
			all[name] = value
		}
	}
	if who.Email != "" {
		all["email_verified"] = who.Verified && f != Unverified
	}
	if len(who.Groups) > 0 {
		all["groups"] = who.Groups
	}
	return all
}

// userinfo is GET /userinfo.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	g, ok := p.access[token]
	p.mu.Unlock()
	if !ok || !p.o.Now().Before(g.chosen.Add(tokenLife)) {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	claims := p.claims(g, g.fault)
	if g.fault == OtherUserInfo {
		claims["sub"] = "somebody-else"
	}
	write(w, http.StatusOK, claims)
}

// LogoutToken says that a person's session here is over (OpenID Connect
// Back-Channel Logout); an empty sid means all their sessions.
func (p *Provider) LogoutToken(subject, sid string) (string, error) {
	now := p.o.Now()
	claims := map[string]any{
		"iss": p.o.Issuer, "aud": p.o.Client.ID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": random(), "sub": subject,
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if sid != "" {
		claims["sid"] = sid
	}
	return p.sign("logout+jwt", claims, false)
}

func refuse(w http.ResponseWriter, status int, code string) {
	write(w, status, map[string]any{"error": code})
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "This cannot be written.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // whoever asked is gone
}
