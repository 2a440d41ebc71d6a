package claims

import (
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/jwt"
)

// Person is what is known of an account.
type Person struct {
	Name          string
	Locale        string // BCP 47
	TimeZone      string // IANA name
	UpdatedAt     time.Time
	Email         string // the primary address
	EmailVerified bool
}

// Claim is one that can be told.
type Claim struct {
	Name  string
	Scope string // that asks for it
	write func(b []byte, p *Person) []byte
}

// Table is every claim about a person, in the order they are told. Claims about
// the sign-in (sub, auth_time, acr, amr, sid) are the tokens' own.
var Table = []Claim{
	{"name", "profile", text(func(p *Person) string { return p.Name })},
	{"locale", "profile", text(func(p *Person) string { return p.Locale })},
	{"zoneinfo", "profile", text(func(p *Person) string { return p.TimeZone })},
	{"updated_at", "profile", moment(func(p *Person) time.Time { return p.UpdatedAt })},
	{"email", "email", text(func(p *Person) string { return p.Email })},
	{"email_verified", "email", verified},
}

func text(of func(*Person) string) func([]byte, *Person) []byte {
	return func(b []byte, p *Person) []byte {
		if of(p) == "" {
			return b
		}
		return jwt.AppendString(b, of(p))
	}
}

func moment(of func(*Person) time.Time) func([]byte, *Person) []byte {
	return func(b []byte, p *Person) []byte {
		if of(p).IsZero() {
			return b
		}
		return strconv.AppendInt(b, of(p).Unix(), 10)
	}
}

// verified is told of an address only.
func verified(b []byte, p *Person) []byte {
	if p.Email == "" {
		return b
	}
	return strconv.AppendBool(b, p.EmailVerified)
}

// Lookup returns the claim of that name.
func Lookup(name string) (*Claim, bool) {
	for i := range Table {
		if Table[i].Name == name {
			return &Table[i], true
		}
	}
	return nil, false
}

// Names are the claims there are, those of the sign-in first; for the metadata.
func Names() []string {
	names := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash"}
	for _, c := range Table {
		names = append(names, c.Name)
	}
	return names
}
