package people

import (
	"net/http"
	"slices"

	"github.com/mortise-auth/mortise/internal/endsession"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/web"
)

// Browser is who is signed in in the browser that asks, the one in front first.
func (p *Pages) Browser(r *http.Request) ([]endsession.Who, error) {
	q := web.Of(r)
	if q.Identity == nil || q.Token {
		return nil, nil
	}
	id, err := session.ParseID(q.Identity.Session)
	if err != nil {
		return nil, err
	}
	return []endsession.Who{{User: q.Caller.User, Session: id, Email: q.Identity.Email}}, nil
}

// Forget takes from the browser what belonged to a session that it held. What is
// then shown in answer to r is shown to nobody in particular.
func (p *Pages) Forget(w http.ResponseWriter, r *http.Request, _ endsession.Who) {
	names := p.o.Frame.Names()
	gone := []string{names.Session, names.Flow, names.Browser}
	kept := slices.DeleteFunc(r.Cookies(), func(c *http.Cookie) bool { return slices.Contains(gone, c.Name) })
	r.Header.Del("Cookie")
	for _, c := range kept {
		r.AddCookie(c)
	}
	p.forget(w)
	web.Of(r).Identity = nil
}
