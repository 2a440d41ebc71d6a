package oauth

import (
	"encoding/base64"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/user"
)

// Secrets makes what nobody without the keyring can; package keyring is one. MAC
// must be the same for the life of the instance.
type Secrets interface {
	MAC(purpose string, parts ...[]byte) [32]byte
}

// Subject is the sub by which c knows an account: its id, or for a pairwise client
// a name that clients of other sectors cannot connect with theirs (OpenID Connect
// Core section 8.1).
func (f *Flow) Subject(c client.Client, u user.ID) string {
	if !c.Pairwise() {
		return u.String()
	}
	sector := c.Sector()
	if sector == "" { // registration refuses it; a name of the client's own reveals nothing
		sector = "client:" + string(c.ID)
	}
	mac := f.o.Secrets.MAC("pairwise", []byte(sector), u[:])
	return base64.RawURLEncoding.EncodeToString(mac[:])
}
