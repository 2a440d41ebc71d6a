package endsession

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/idhint"
	"github.com/mortise-auth/mortise/internal/logout"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/user"
)

// Hints reads ID tokens of ours; see idhint.Reader.
type Hints interface {
	Read(ctx context.Context, text string) (idhint.Hint, error)
}

// Clients answers for registered clients; see registry.Registry. client.ErrUnknown.
type Clients interface {
	Client(ctx context.Context, id string) (client.Client, error)
}

// Participants knows who takes part in a session; see logout.Store.
type Participants interface {
	Of(ctx context.Context, s logout.SessionID) ([]logout.Participant, error)
}

// Options configure a Flow. All are required.
type Options struct {
	Issuer       string
	Hints        Hints
	Clients      Clients
	Participants Participants
	// Subject is what a client is told an account's name is: its id, or a pseudonym.
	Subject func(u user.ID, c client.Client) string
}

// Flow decides about requests. It changes nothing and is safe for concurrent use.
type Flow struct{ o Options }

// New makes a Flow.
func New(o Options) *Flow { return &Flow{o} }

// Plan decides about r, from a browser in which some are signed in, the one in
// front first. ErrHint, ErrClient, ErrTarget.
func (f *Flow) Plan(ctx context.Context, r Request, browser []Who) (Plan, error) {
	c, hint, err := f.client(ctx, r)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Client: c.Name}
	if r.To != "" && c.ID != "" {
		if !slices.Contains(c.PostLogoutURIs, r.To) {
			return Plan{}, ErrTarget.Comparing(closest(c.PostLogoutURIs), r.To)
		}
		p.To = target(r.To, r.State)
	}
	if len(browser) == 0 {
		p.Ask = hint.Subject == "" && p.To != "" // anybody may have made that link
		return p, nil
	}
	p.End, p.Ask = &browser[max(f.hinted(r.LogoutHint, c, browser), 0)], true
	if i := f.named(hint, c, browser); i >= 0 {
		p.End, p.Ask = &browser[i], false
	}
	return p, nil
}

// client is who asks, by its hint or by name, and the hint; the zero Client when
// the request does not say.
func (f *Flow) client(ctx context.Context, r Request) (c client.Client, hint idhint.Hint, err error) {
	id := r.Client
	if r.Hint != "" {
		if hint, err = f.o.Hints.Read(ctx, r.Hint); err != nil {
			return c, hint, ErrHint.Because(err)
		}
		if id != "" && id != hint.Client {
			return c, hint, ErrClient.Becausef("the hint was for another client")
		}
		id = hint.Client
	}
	if id == "" {
		return c, hint, nil
	}
	c, err = f.o.Clients.Client(ctx, id)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return c, hint, ErrClient.Because(err)
	case err == nil && c.Disabled:
		return c, hint, ErrClient.Becausef("client %s is disabled", c.ID)
	}
	return c, hint, err
}

// named is which of those signed in a hint is about: the session it names, else
// the account. -1 for none.
func (f *Flow) named(h idhint.Hint, c client.Client, browser []Who) int {
	if h.Subject == "" {
		return -1
	}
	subject := func(w Who) bool { return f.o.Subject(w.User, c) == h.Subject }
	i := slices.IndexFunc(browser, func(w Who) bool { return w.Session.String() == h.Session && subject(w) })
	if i < 0 {
		i = slices.IndexFunc(browser, subject)
	}
	return i
}

// hinted is which of those signed in a logout_hint means; -1 for none.
func (f *Flow) hinted(hint string, c client.Client, browser []Who) int {
	if hint == "" {
		return -1
	}
	return slices.IndexFunc(browser, func(w Who) bool {
		return strings.EqualFold(w.Email, hint) || w.Session.String() == hint || c.ID != "" && f.o.Subject(w.User, c) == hint
	})
}

// closest is the registered address to compare a wrong one with in a log.
func closest(registered []string) string {
	if len(registered) == 0 {
		return ""
	}
	return registered[0]
}

// Frames are the addresses that the browser is to load when a session ends, for
// clients that want to be told there. Ask before it ends: its participants leave
// with it.
func (f *Flow) Frames(ctx context.Context, s session.ID) ([]string, error) {
	all, err := f.o.Participants.Of(ctx, logout.SessionID(s))
	if err != nil {
		return nil, err
	}
	var frames []string
	for _, p := range all {
		c, err := f.o.Clients.Client(ctx, p.Client)
		switch {
		case errors.Is(err, client.ErrUnknown):
		case err != nil:
			return nil, err
		case c.FrontchannelLogout != "":
			frames = append(frames, frame(c.FrontchannelLogout, f.o.Issuer, p.Session.String()))
		}
	}
	return frames, nil
}
