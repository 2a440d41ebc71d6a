package mortisetest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/mortise-auth/mortise/internal/organization"
	"github.com/mortise-auth/mortise/internal/user"
)

// IdPOption changes what IdP makes.
type IdPOption func(w *idpWish) //nolint:staticcheck // as IdP is written

type idpWish struct {
	organization string
	domains      []string
}

// HomeOf makes an IdP the sign-in service of an organisation, which is made where it
// is none yet, and verifies the domains as the organisation's: whoever types an
// address in one of them is sent there.
func HomeOf(slug string, domains ...string) IdPOption {
	return func(w *idpWish) { w.organization, w.domains = slug, domains }
}

// RequireSSO binds the people of an organisation to its own sign-in service, except the
// owners named, of whom one at least must be able to break the glass.
func (s *Server) RequireSSO(t testing.TB, slug string, glass ...*User) {
	t.Helper()
	owners := make([]user.ID, len(glass))
	for i, u := range glass {
		owners[i] = u.id
	}
	_, err := s.app.Directory.RequireSSO(t.Context(), user.Host(), s.ensureOrganization(t, slug).ID, owners)
	s.must(t, "require single sign-on of "+slug, err)
}

// own verifies the domains of an organisation.
func (s *Server) own(t testing.TB, w idpWish) {
	t.Helper()
	o := s.ensureOrganization(t, w.organization)
	for _, name := range w.domains {
		d, err := s.app.Directory.AddDomain(t.Context(), user.Host(), o.ID, name)
		s.must(t, "claim "+name, err)
		s.zone.add(d.Record, d.Value)
		_, err = s.app.Directory.VerifyDomain(t.Context(), user.Host(), o.ID, name)
		s.must(t, "verify "+name, err)
	}
}

// zone is the DNS that a server asks: it has the records of verified domains only.
type zone struct {
	mu      sync.Mutex
	records map[string][]string
}

func (z *zone) add(name, value string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.records == nil {
		z.records = map[string][]string{}
	}
	z.records[name] = append(z.records[name], value)
}

// TXT implements organization.Resolver.
func (z *zone) TXT(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if all := z.records[name]; len(all) > 0 {
		return slices.Clone(all), nil
	}
	return nil, organization.ErrNoRecord
}
