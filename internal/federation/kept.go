package federation

import (
	"encoding/json"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// Kept is what an attempt remembers between Begin and Finish, sealed in the
// browser that began it. As JSON it is a redaction: Reveal is what is to be sealed.
type Kept struct {
	Issuer   string         // that the answer must come from (RFC 9207)
	Nonce    string         // that the ID token must have
	Verifier secret.Text    // PKCE
	Callback string         // exact, as it was sent
	MaxAge   *time.Duration // whole seconds; then the service must say when it proved the person
}

// keptForm is a Kept in plain.
type keptForm struct {
	Issuer   string `json:"iss,omitempty"`
	Nonce    string `json:"nonce,omitempty"`
	Verifier string `json:"pkce"`
	Callback string `json:"cb"`
	MaxAge   *int64 `json:"max_age,omitempty"`
}

// MarshalJSON keeps the verifier out of logs and answers.
func (Kept) MarshalJSON() ([]byte, error) { return []byte(`"` + secret.Redacted + `"`), nil }

// Reveal is all of k in plain, to be sealed and for nothing else.
func (k Kept) Reveal() []byte {
	f := keptForm{Issuer: k.Issuer, Nonce: k.Nonce, Verifier: k.Verifier.Reveal(), Callback: k.Callback}
	if k.MaxAge != nil {
		seconds := int64(*k.MaxAge / time.Second)
		f.MaxAge = &seconds
	}
	return plain(f)
}

// ReadKept reads what Reveal wrote. ErrAttempt for anything else.
func ReadKept(b []byte) (Kept, error) {
	var f keptForm
	if err := json.Unmarshal(b, &f); err != nil {
		return Kept{}, ErrAttempt.Because(err)
	}
	k := Kept{Issuer: f.Issuer, Nonce: f.Nonce, Verifier: secret.NewText(f.Verifier), Callback: f.Callback}
	if f.MaxAge != nil {
		age := time.Duration(*f.MaxAge) * time.Second
		k.MaxAge = &age
	}
	return k, nil
}

// Tokens are the service's own. As JSON they are a redaction: Reveal is what is to
// be sealed.
type Tokens struct {
	Access, Refresh, ID secret.Text
	Scope               string
	ExpiresAt           time.Time // of Access; zero: not told
}

type tokensForm struct {
	Access    string     `json:"at,omitempty"`
	Refresh   string     `json:"rt,omitempty"`
	ID        string     `json:"id,omitempty"`
	Scope     string     `json:"scope,omitempty"`
	ExpiresAt *time.Time `json:"exp,omitempty"`
}

// MarshalJSON keeps the tokens out of logs and answers.
func (Tokens) MarshalJSON() ([]byte, error) { return []byte(`"` + secret.Redacted + `"`), nil }

// Reveal is all of t in plain, to be sealed and for nothing else.
func (t Tokens) Reveal() []byte {
	f := tokensForm{Access: t.Access.Reveal(), Refresh: t.Refresh.Reveal(), ID: t.ID.Reveal(), Scope: t.Scope}
	if !t.ExpiresAt.IsZero() {
		f.ExpiresAt = &t.ExpiresAt
	}
	return plain(f)
}

// ReadTokens reads what Reveal wrote.
func ReadTokens(b []byte) (Tokens, error) {
	var f tokensForm
	if err := json.Unmarshal(b, &f); err != nil {
		return Tokens{}, ErrStatement.Because(err)
	}
	t := Tokens{Access: secret.NewText(f.Access), Refresh: secret.NewText(f.Refresh), ID: secret.NewText(f.ID), Scope: f.Scope}
	if f.ExpiresAt != nil {
		t.ExpiresAt = *f.ExpiresAt
	}
	return t, nil
}

// plain writes a form of strings and numbers, which cannot fail.
func plain(form any) []byte {
	b, err := json.Marshal(form)
	if err != nil {
		panic(err)
	}
	return b
}
