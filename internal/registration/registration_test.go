package registration

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
)

// OA-70
func TestTokenBounds(t *testing.T) {
	now := time.Date(2033, 1, 2, 3, 4, 5, 0, time.UTC)
	clean := func(change func(*Token)) error {
		v := Token{CreatedAt: now}
		change(&v)
		_, err := v.Clean()
		return err
	}
	v, err := Token{CreatedAt: now, Name: " Partners  of ours "}.Clean()
	if err != nil || v.MaxUses != 1 || v.ExpiresAt != now.Add(DefaultLife) || v.Name != "Partners of ours" {
		t.Errorf("%+v, %v", v, err)
	}
	for name, tt := range map[string]struct {
		want   error
		change func(*Token)
	}{
		"uses":   {ErrBadUses, func(v *Token) { v.MaxUses = -1 }},
		"many":   {ErrBadUses, func(v *Token) { v.MaxUses = MaxUses + 1 }},
		"short":  {ErrBadLife, func(v *Token) { v.ExpiresAt = now.Add(time.Second) }},
		"past":   {ErrBadLife, func(v *Token) { v.ExpiresAt = now.Add(-time.Hour) }},
		"long":   {ErrBadLife, func(v *Token) { v.ExpiresAt = now.Add(MaxLife + time.Second) }},
		"host":   {ErrBadPolicy, func(v *Token) { v.Policy.RedirectHosts = []string{"https://example.org"} }},
		"star":   {ErrBadPolicy, func(v *Token) { v.Policy.RedirectHosts = []string{"*"} }},
		"scheme": {ErrBadPolicy, func(v *Token) { v.Policy.RedirectHosts = []string{"javascript:"} }},
		"lists":  {ErrBadPolicy, func(v *Token) { v.Policy.Scopes = make([]string, maxPolicy+1) }},
	} {
		if err := clean(tt.change); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	v.MaxUses = 2
	for uses, open := range map[int]bool{0: true, 1: true, 2: false} {
		if v.Uses = uses; v.Open(now) != open || v.Open(v.ExpiresAt) {
			t.Errorf("after %d of two", uses)
		}
	}
}

// OA-72: a token of one kind is nothing of the other, and nothing elsewhere.
func TestDigests(t *testing.T) {
	here, there := [16]byte{1}, [16]byte{2}
	initial, access := secret.NewCredential(secret.InitialToken).Reveal(), secret.NewCredential(secret.RegistrationToken).Reveal()
	if InitialDigest(initial, here).IsZero() || AccessDigest(access, here).IsZero() {
		t.Fatal("no digest of a good token")
	}
	if InitialDigest(initial, here).Equal(InitialDigest(initial, there)) {
		t.Error("the same on two instances")
	}
	for _, text := range []string{access, "", initial[:len(initial)-1], initial + "A", "x", strings.ToUpper(initial), secret.CredentialOf(secret.InitialToken, make([]byte, 16)).Reveal()} {
		if !InitialDigest(text, here).IsZero() {
			t.Errorf("%q has a digest", text)
		}
	}
	if !AccessDigest(initial, here).IsZero() {
		t.Error("an initial access token passes for the other kind")
	}
}

func TestPolicy(t *testing.T) {
	base := Policy{Scopes: []string{"openid", "email"}, Grants: []string{"authorization_code"}, RedirectHosts: []string{"a.example"}}
	own := Policy{Scopes: []string{"openid"}}.Over(base)
	if !slices.Equal(own.Scopes, []string{"openid"}) || !slices.Equal(own.Grants, base.Grants) || !slices.Equal(own.RedirectHosts, base.RedirectHosts) {
		t.Errorf("%+v", own)
	}
	existing := []string{"openid", "email", "read"}
	for _, tt := range []struct {
		asked []string
		named bool
		want  []string
	}{
		{nil, false, []string{"email", "openid"}}, {[]string{"email", "read", "none"}, true, []string{"email"}}, {[]string{"read"}, true, nil}, {nil, true, nil},
	} {
		if got := base.Grant(existing, tt.asked, tt.named); !slices.Equal(got, tt.want) {
			t.Errorf("%v, %v: %v", tt.asked, tt.named, got)
		}
	}
	if got := base.Grant([]string{"openid"}, nil, false); !slices.Equal(got, []string{"openid"}) {
		t.Errorf("a scope that is gone: %v", got)
	}
}
