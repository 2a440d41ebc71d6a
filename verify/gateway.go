package verify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/jose"
	"github.com/mortise-auth/mortise/internal/jwt"
)

// The header in which the gateway tells an upstream who is asking, and how old
// what it says may be (TH-38).
const (
	identityHeader = "Mortise-Identity"
	identityMaxAge = time.Minute
)

// told is the claims of a Mortise-Identity header. The gateway names verified
// addresses only.
type told struct {
	answer
	Name      string `json:"name"`
	Email     string `json:"email"`
	Locale    string `json:"locale"`
	Assurance int    `json:"assurance"`
}

// fromGateway reads who is asking from the one signed header.
func (v *Verifier) fromGateway(ctx context.Context, r *http.Request) (*Identity, error) {
	values := r.Header[identityHeader]
	switch {
	case len(values) == 0:
		return nil, ErrNone
	case len(values) > 1:
		return nil, ErrAmbiguous
	case !v.located.Load():
		return nil, ErrUncertain.because(v.Health())
	}
	payload, kid, err := v.signed(ctx, values[0], jwt.TypeIdentity)
	if err != nil {
		return nil, err
	}
	t, err := parseTold(payload)
	if err != nil {
		return nil, ErrMalformed.because(err)
	}
	a := t.access()
	a.KeyID = kid
	if a.UserVersion == 0 {
		a.UserVersion = highestVersion // a header without uv is asked about by session and key
	}
	if bad := v.current(a); bad != nil {
		return nil, bad
	}
	if err := v.stillLive(a); err != nil {
		return nil, err
	}
	return t.identity(a), nil
}

// signed checks a signature by the keys of tokens, with one look at the issuer for
// a key that is not known.
func (v *Verifier) signed(ctx context.Context, text, typ string) (payload []byte, kid string, err error) {
	err = v.withKeys(ctx, func(keys jose.KeySet, _ time.Time) error {
		payload, kid, err = jose.Verify(text, typ, keys)
		return err
	})
	return payload, kid, err
}

func parseTold(payload []byte) (*told, error) {
	var t told
	if err := json.Unmarshal(payload, &t); err != nil {
		return nil, err
	}
	if t.Subject == "" || t.IssuedAt <= 0 || t.Expiry <= 0 {
		return nil, errors.New("sub, iat or exp is missing")
	}
	return &t, t.checkActors()
}

// current holds the claims to issuer, upstream and age.
func (v *Verifier) current(a *jwt.Access) *Error {
	now := v.now()
	age := now.Sub(time.Unix(a.IssuedAt, 0))
	switch {
	case a.Issuer != v.issuer:
		return ErrIssuer
	case !slices.Contains(a.Audience, v.audience):
		return ErrAudience
	case age > identityMaxAge, !now.Before(time.Unix(a.Expiry, 0)):
		return ErrExpired
	case age < -v.leeway:
		return ErrNotYet
	}
	return nil
}

// stillLive asks the live set alone: nobody else can be asked about a header.
func (v *Verifier) stillLive(a *jwt.Access) error {
	before := v.reading(v.now())
	f := v.follower.Load()
	switch {
	case f != nil && f.names(a):
		return ErrRevoked
	case !v.vouches(before) || v.live.Widened():
		return ErrUncertain.because(v.Health())
	}
	return nil
}

func (t *told) identity(a *jwt.Access) *Identity {
	who := identityOf(a)
	who.Name, who.Email, who.EmailVerified, who.Locale = t.Name, t.Email, t.Email != "", t.Locale
	if t.Assurance > 0 {
		who.Assurance = t.Assurance
	}
	return who
}

// fromHeaders believes the plain headers of a direct peer.
func fromHeaders(r *http.Request, peers []netip.Prefix) (*Identity, error) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !within(peers, peer.Addr().Unmap()) {
		return nil, ErrNone.because(errors.New("headers of a stranger are not looked at"))
	}
	user, err := one(r.Header, "Remote-User")
	if err != nil {
		return nil, err
	}
	email, err := one(r.Header, "Remote-Email")
	if err != nil {
		return nil, err
	}
	name, err := one(r.Header, "Remote-Name")
	if err != nil {
		return nil, err
	}
	groups, err := one(r.Header, "Remote-Groups")
	if err != nil {
		return nil, err
	}
	if user == "" {
		return nil, ErrNone
	}
	who := NewIdentity(Claims{Kind: User, Subject: user, Email: email, Name: name, Roles: list(groups)})
	return &who, nil
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// one is the value of a header that may occur once.
func one(h http.Header, name string) (string, error) {
	values := h[name]
	if len(values) > 1 {
		return "", ErrAmbiguous
	}
	if len(values) == 0 {
		return "", nil
	}
	return values[0], nil
}

func list(s string) (out []string) {
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
