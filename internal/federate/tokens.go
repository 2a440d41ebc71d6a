package federate

import (
	"github.com/mortise-auth/mortise/internal/federation"
)

// openTokens are the service's own that were kept with a link.
func (f *Flow) openTokens(l federation.Link) (federation.Tokens, error) {
	if l.Tokens == nil {
		return federation.Tokens{}, federation.ErrLinkUnknown
	}
	plain, err := f.o.Keys.Open(sealTokens, l.ID[:], l.Tokens)
	if err != nil {
		return federation.Tokens{}, err
	}
	return federation.ReadTokens(plain)
}
