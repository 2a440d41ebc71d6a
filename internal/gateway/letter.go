package gateway

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/verify"
)

// ErrUnsigned: the site wants a signed identity and nothing can sign one.
var ErrUnsigned = problem.New(problem.Unavailable, "identity_unsigned", "We cannot vouch for you to this site right now. Try again in a moment.")

const (
	// IdentityType is the typ of a signed identity.
	IdentityType = "mortise-id+jwt"
	// IdentityLife is how long a signed identity is good (SE-57, TH-38).
	IdentityLife = time.Minute
	// letterLife is how long a letter is used again: half of its life remains
	// for the upstream, however slow the way to it is.
	letterLife = 30 * time.Second
)

// Letter is what an upstream is told, ready to be written. Each field has one
// element, which is empty when there is nothing to tell: an empty header is sent
// all the same, so that it replaces what the client made up (SE-51). It is shared
// and must not be changed.
type Letter struct {
	User, Email, Name, Groups []string
	Identity                  []string
}

// nobody is the letter about nobody.
var nobody = &Letter{User: []string{""}, Email: []string{""}, Name: []string{""}, Groups: []string{""}, Identity: []string{""}}

// letters remembers what was written about whom. A key is the very Identity that
// the cache of sessions holds: when anything about the person or the session
// changes there is another one, and what is written here is never used again.
type letters struct {
	mu    sync.RWMutex
	known map[letterKey]*written
}

type letterKey struct {
	who  *verify.Identity
	site *site.Compiled
}

type written struct {
	letter *Letter
	until  time.Time
}

// maxLetters bounds what is remembered.
const maxLetters = 20_000

func (f *Flow) letter(ctx context.Context, who *verify.Identity, s *site.Compiled) (*Letter, error) {
	if who == nil {
		return nobody, nil
	}
	key := letterKey{who, s}
	now := f.o.Now()
	f.letters.mu.RLock()
	w := f.letters.known[key]
	f.letters.mu.RUnlock()
	if w != nil && now.Before(w.until) && w.until.Sub(now) <= letterLife {
		return w.letter, nil
	}
	l, err := f.write(ctx, who, s, now)
	if err == nil {
		f.letters.keep(key, &written{l, now.Add(letterLife)})
	}
	return l, err
}

func (l *letters) keep(key letterKey, w *written) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= maxLetters {
		l.known = make(map[letterKey]*written)
	}
	l.known[key] = w
}

func (f *Flow) write(ctx context.Context, who *verify.Identity, s *site.Compiled, now time.Time) (*Letter, error) {
	l := &Letter{
		User: []string{field(who.Subject)}, Email: []string{""}, Name: []string{field(who.Name)},
		Groups: []string{field(strings.Join(groups(who), ","))}, Identity: []string{""},
	}
	if who.EmailVerified { // an address nobody proved would let people name themselves
		l.Email[0] = field(who.Email)
	}
	if s.Audience == "" {
		return l, nil
	}
	if f.o.Signer == nil {
		return nil, ErrUnsigned
	}
	payload, err := json.Marshal(f.claims(who, s, now))
	if err != nil {
		return nil, err
	}
	if l.Identity[0], err = f.o.Signer.Sign(ctx, IdentityType, payload); err != nil {
		return nil, ErrUnsigned.Because(err)
	}
	return l, nil
}

// claims are what the signed identity says.
type claims struct {
	Issuer    string   `json:"iss"`
	Audience  string   `json:"aud"`
	Subject   string   `json:"sub"`
	Session   string   `json:"sid,omitempty"`
	IssuedAt  int64    `json:"iat"`
	Expiry    int64    `json:"exp"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	Assurance int      `json:"assurance,omitempty"`
	Methods   []string `json:"amr,omitempty"`
	Roles     []string `json:"roles,omitempty"`
	Org       []org    `json:"org,omitempty"`
	Name      string   `json:"name,omitempty"`
	Email     string   `json:"email,omitempty"`
}

type org struct {
	ID    string   `json:"id"`
	Slug  string   `json:"slug"`
	Roles []string `json:"roles,omitempty"`
}

func (f *Flow) claims(who *verify.Identity, s *site.Compiled, now time.Time) claims {
	c := claims{
		Issuer: f.o.Issuer, Audience: s.Audience, Subject: who.Subject, Session: who.Session,
		IssuedAt: now.Unix(), Expiry: now.Add(IdentityLife).Unix(), AuthTime: who.AuthenticatedAt.Unix(),
		Assurance: who.Assurance, Methods: who.Methods(), Roles: who.Roles(),
	}
	for _, o := range who.Organizations() {
		c.Org = append(c.Org, org{o.ID, o.Slug, o.Roles})
	}
	if s.Personal {
		c.Name = who.Name
		if who.EmailVerified {
			c.Email = who.Email
		}
	}
	return c
}

// groups are the roles of a person, and the roles in organisations as slug/role.
// Neither names nor slugs have commas or slashes.
func groups(who *verify.Identity) []string {
	all := who.Roles()
	for _, o := range who.Organizations() {
		for _, role := range o.Roles {
			all = append(all, o.Slug+"/"+role)
		}
	}
	return all
}

// field makes s fit into one header: without control characters, and not longer
// than proxies take.
func field(s string) string {
	const most = 2048
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	if len(clean) > most {
		clean = strings.ToValidUTF8(clean[:most], "")
	}
	return clean
}
