package registration

import (
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// ID names an initial access token: iat_….
type ID = id.ID[noun]

type noun struct{}

func (noun) Prefix() string { return "iat" }

// NewID makes the name of a token created now.
func NewID(now time.Time) ID { return id.New[noun](now) }

// ParseID reads one, or says ErrUnknown.
func ParseID(s string) (ID, error) {
	v, err := id.Parse[noun](s)
	if err != nil {
		return ID{}, ErrUnknown.Because(err)
	}
	return v, nil
}

// Bounds and defaults of an initial access token.
const (
	DefaultLife = 24 * time.Hour
	MinLife     = time.Minute
	MaxLife     = 366 * 24 * time.Hour
	DefaultUses = 1
	MaxUses     = 100_000
)

// Token is an initial access token (RFC 7591 section 1.2).
type Token struct {
	ID        ID
	Name      string // for people; may be empty
	Digest    secret.Digest
	Policy    Policy
	Uses      int // clients registered with it
	MaxUses   int // and how many may be
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Open reports whether the token would register another client at now.
func (t Token) Open(now time.Time) bool { return t.Uses < t.MaxUses && now.Before(t.ExpiresAt) }

// Clean returns t in canonical form, its defaults filled in: ErrBadLife,
// ErrBadUses, ErrBadPolicy, or what is wrong with its name.
func (t Token) Clean() (Token, error) {
	var err error
	if t.Name, err = user.CleanName(t.Name); err != nil {
		return t, err
	}
	if t.MaxUses == 0 {
		t.MaxUses = DefaultUses
	}
	if t.ExpiresAt.IsZero() {
		t.ExpiresAt = t.CreatedAt.Add(DefaultLife)
	}
	if t.MaxUses < 1 || t.MaxUses > MaxUses {
		return t, ErrBadUses
	}
	if life := t.ExpiresAt.Sub(t.CreatedAt); life < MinLife || life > MaxLife {
		return t, ErrBadLife
	}
	t.Policy, err = t.Policy.Clean()
	return t, err
}

// Source is how a client came to be registered.
type Source string

const (
	Dynamic  Source = "dynamic"  // it asked for it (RFC 7591)
	Document Source = "document" // its metadata document was read
)

// Registration is the record of a client that registered itself.
type Registration struct {
	Client    string
	Source    Source
	Digest    secret.Digest // of the registration access token; zero: there is none
	Initial   ID            // the initial access token it came with; zero: none
	Policy    Policy        // what that allowed, for later changes
	CreatedAt time.Time
}

// digest is of a credential of kind, or zero when text is no such thing.
func digest(kind secret.CredentialKind, text string, instance [16]byte) secret.Digest {
	c, err := secret.ParseCredential(kind, strings.TrimSpace(text))
	if err != nil || len(c.Body()) != secret.Size {
		return secret.Digest{}
	}
	return c.Digest(instance)
}

// InitialDigest is what is kept of an initial access token; zero when text is none.
func InitialDigest(text string, instance [16]byte) secret.Digest {
	return digest(secret.InitialToken, text, instance)
}

// AccessDigest is what is kept of a registration access token; zero when text is none.
func AccessDigest(text string, instance [16]byte) secret.Digest {
	return digest(secret.RegistrationToken, text, instance)
}
