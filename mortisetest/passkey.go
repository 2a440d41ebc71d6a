package mortisetest

import (
	"net/http"
	"net/url"
	"testing"

	"golang.org/x/net/html"

	"github.com/mortise-auth/mortise/internal/passkey"
	"github.com/mortise-auth/mortise/internal/testenv/authenticator"
	"github.com/mortise-auth/mortise/internal/user"
)

// Passkey is a software authenticator with one passkey of a person. Its counter,
// whether it verifies, and what else it gets wrong can be set on the
// Authenticator, which Clone copies with its keys.
type Passkey struct {
	*authenticator.Authenticator
	ID string // psk_…
}

// Passkey gives u a passkey, without going through the page.
func (s *Server) Passkey(t testing.TB, u *User) *Passkey {
	t.Helper()
	key := authenticator.New(s.app.Passkeys.Site().Origins[0])
	o := s.app.Passkeys.Creation(passkey.Create, passkey.Person{ID: u.id, Address: u.Email, Name: u.Name}, agent, nil)
	answer, err := key.Create(o)
	s.must(t, "make a passkey", err)
	k, err := s.app.Passkeys.Register(t.Context(), passkey.Create, agent, answer)
	s.must(t, "register a passkey", err)
	k.Name = "Passkey of a test"
	ev := user.Host().Event(passkey.Added, s.now(), u.id).With("passkey", k.ID.String())
	s.must(t, "keep a passkey", s.store.Passkeys().Insert(t.Context(), k, u.current(t), ev))
	return &Passkey{Authenticator: key, ID: k.ID.String()}
}

// Authenticator is a software authenticator that has no passkey yet: see
// Browser.CreatePasskey.
func (s *Server) Authenticator(t testing.TB) *Passkey {
	t.Helper()
	return &Passkey{Authenticator: authenticator.New(s.app.Passkeys.Site().Origins[0])}
}

// Clone is a copy of the passkey, as a thief would have it.
func (p *Passkey) Clone() *Passkey {
	return &Passkey{Authenticator: p.Authenticator.Clone(), ID: p.ID}
}

// Passkey answers the open page's question for a passkey with k, as its button
// does, and posts the form.
func (b *Browser) Passkey(k *Passkey) *Browser {
	b.t.Helper()
	form := b.open().find(func(n *html.Node) bool { return has(n, "data-passkey") })
	if form == nil {
		b.fail("the page does not ask for a passkey")
	}
	from, _ := attr(form, "data-passkey")
	answer, err := k.Get([]byte(b.ask(from)))
	if err != nil {
		b.fail("the passkey has no answer: %v", err)
	}
	return b.post(form, answer)
}

// CreatePasskey answers the open page's question for a new passkey with k, as its
// button does, and posts the form.
func (b *Browser) CreatePasskey(k *Passkey) *Browser {
	b.t.Helper()
	form := b.open().find(func(n *html.Node) bool { return has(n, "data-create") })
	if form == nil {
		b.fail("the page does not ask for a new passkey")
	}
	asked, _ := attr(form, "data-create")
	answer, err := k.Create([]byte(asked))
	if err != nil {
		b.fail("the authenticator makes none: %v", err)
	}
	return b.post(form, answer)
}

// post posts a form with what an authenticator said.
func (b *Browser) post(form *html.Node, answer []byte) *Browser {
	b.t.Helper()
	action, _ := attr(form, "action")
	target, err := b.page.address.Parse(action)
	if err != nil {
		b.fail("the form leads nowhere: %q", action)
	}
	values := b.values(form, nil)
	for i, v := range values {
		if v == "passkey=" {
			values[i] = "passkey=" + url.QueryEscape(string(answer))
		}
	}
	b.visit(visit{method: http.MethodPost, target: target, body: values.encode(), site: "same-origin", origin: b.originHeader()})
	return b
}

// ask fetches what a script of the open page would.
func (b *Browser) ask(from string) string {
	b.t.Helper()
	target, err := b.page.address.Parse(from)
	if err != nil {
		b.fail("the page asks nobody: %q", from)
	}
	r := b.request(visit{method: http.MethodGet, target: target, site: "same-origin"}, b.jar)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	r.Header.Set("Sec-Fetch-Dest", "empty")
	r.Header.Del("Sec-Fetch-User")
	return read(b.t, b.send(r)) //nolint:bodyclose // read closes it
}
