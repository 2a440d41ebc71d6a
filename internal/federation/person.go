package federation

import (
	"time"

	"github.com/mortise-auth/mortise/internal/id"
	"github.com/mortise-auth/mortise/internal/user"
)

// Person is what a Statement says in our terms: what would be kept.
type Person struct {
	Connection ID
	Issuer     string
	Subject    string
	Email      string // as the service writes it; empty: none
	// Verified: the service says that it checked the address, and the connection is
	// trusted for its domain. Nothing else makes an address count (TH-40).
	Verified   bool
	Name       string
	GivenName  string
	FamilyName string
	Locale     string
	Picture    string
	Groups     []string
	Roles      []string // ours, from groups, by Mapping.Roles
	AuthTime   time.Time
	ACR        string
	AMR        []string
	Session    string
	Tokens     *Tokens
}

// Link ties a subject of a connection to an account.
type Link struct {
	ID         LinkID
	Connection ID
	Issuer     string
	Subject    string
	User       user.ID
	Email      string   // as last told
	Verified   bool     // counted when last told
	Session    string   // sid of the last sign-in over there
	Born       bool     // the account was made for it
	Owns       []string // fields of the account's profile that come from here; only if Born
	Tokens     Sealed   // nil unless kept
	CreatedAt  time.Time
	UsedAt     time.Time
}

// LinkID names a link: lnk_….
type LinkID = id.ID[linkNoun]

type linkNoun struct{}

func (linkNoun) Prefix() string { return "lnk" }

// NewLinkID makes the id of a link made now.
func NewLinkID(now time.Time) LinkID { return id.New[linkNoun](now) }

// ParseLinkID reads lnk_….
func ParseLinkID(s string) (LinkID, error) { return id.Parse[linkNoun](s) }
