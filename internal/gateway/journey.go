package gateway

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
)

func (f *Flow) now() time.Time { return f.o.Now().UTC().Truncate(time.Microsecond) }

// Park begins a journey to an address of a protected site. It returns the handle
// under which the request waits, and the host to send the browser to. An address
// that is not exactly on a known site is ErrDenied: nobody is ever sent to a
// place that only the address names (SE-56).
func (f *Flow) Park(ctx context.Context, address string) (handle secret.Token, host string, err error) {
	target, host, ok := f.read(address)
	if !ok {
		return handle, "", site.ErrAmbiguous.Becausef("address %q", address)
	}
	s, err := f.o.Sites.Site(ctx, host)
	if err != nil {
		return handle, "", err
	}
	if _, err := site.Path(target); err != nil {
		return handle, "", err
	}
	handle = secret.New(ticket.HandlePurpose)
	now := f.now()
	return handle, s.Host, f.o.Tickets.Park(ctx, ticket.Parked{
		Handle: handle.Digest(f.o.Instance), Host: s.Host, URL: f.o.Scheme + "://" + s.Host + target,
		CreatedAt: now, ExpiresAt: now.Add(ticket.ParkedLife),
	})
}

// maxAddress bounds an address to come back to, in bytes.
const maxAddress = 4 << 10

// read takes an address apart by hand: the host is what stands between the
// scheme and the first slash, and nothing else is.
func (f *Flow) read(address string) (target, host string, ok bool) {
	rest, ok := strings.CutPrefix(address, f.o.Scheme+"://")
	if !ok || len(address) > maxAddress {
		return "", "", false
	}
	target = "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest, target = rest[:i], rest[i:]
	}
	if target[0] == '?' {
		target = "/" + target
	}
	host, ok = site.Host(rest, f.o.Scheme)
	if _, err := url.Parse(address); err != nil {
		return "", "", false
	}
	return target, host, ok
}

// Bind gives this browser its nonce on the protected host and exchanges the
// handle for one that nobody else has seen. A browser that has a nonce keeps it,
// so that two tabs do not get in each other's way.
func (f *Flow) Bind(ctx context.Context, host, handle, nonce string) (next, own secret.Token, err error) {
	old, ok := secret.DigestOf(ticket.HandlePurpose, f.o.Instance, handle)
	if !ok {
		return next, own, ticket.ErrParked
	}
	now := f.now()
	p, err := f.o.Tickets.ByHandle(ctx, old, now)
	if err != nil {
		return next, own, err
	}
	if p.Host != host {
		return next, own, ticket.ErrParked.Becausef("parked for %q, asked at %q", p.Host, host)
	}
	if own, err = secret.Parse(ticket.NoncePurpose, nonce); err != nil {
		own = secret.New(ticket.NoncePurpose)
	}
	next = secret.New(ticket.HandlePurpose)
	return next, own, f.o.Tickets.Bind(ctx, old, next.Digest(f.o.Instance), own.Digest(f.o.Instance), now)
}

// Waiting reports whether a request waits under handle with its nonce bound, so
// that a person may be asked to sign in for it.
func (f *Flow) Waiting(ctx context.Context, handle string) error {
	d, ok := secret.DigestOf(ticket.HandlePurpose, f.o.Instance, handle)
	if !ok {
		return ticket.ErrParked
	}
	p, err := f.o.Tickets.ByHandle(ctx, d, f.now())
	if err == nil && p.Nonce.IsZero() {
		err = ticket.ErrParked
	}
	return err
}

// Issue gives the signed-in person a ticket for the request under handle, and
// the host to bring it to.
func (f *Flow) Issue(ctx context.Context, by user.Caller, handle string) (t secret.Token, host string, err error) {
	d, ok := secret.DigestOf(ticket.HandlePurpose, f.o.Instance, handle)
	if !ok {
		return t, "", ticket.ErrParked
	}
	sid, err := session.ParseID(by.Session)
	if err != nil {
		return t, "", ErrSignIn.Because(err)
	}
	now := f.now()
	p, err := f.o.Tickets.ByHandle(ctx, d, now)
	if err != nil {
		return t, "", err
	}
	t = secret.New(ticket.TicketPurpose)
	return t, p.Host, f.o.Tickets.Issue(ctx, d, t.Digest(f.o.Instance), sid, by.User, now.Add(ticket.Life), now)
}

// Entered is the end of a journey.
type Entered struct {
	Gate secret.Token // for the cookie on the protected host
	URL  string       // where the browser was going
}

// Redeem trades a ticket for a gate into host. The browser shows by its nonce
// that it is the one that set out (TH-37).
func (f *Flow) Redeem(ctx context.Context, by user.Caller, host, text, nonce string) (Entered, error) {
	t, ok := secret.DigestOf(ticket.TicketPurpose, f.o.Instance, text)
	n, known := secret.DigestOf(ticket.NoncePurpose, f.o.Instance, nonce)
	if !ok {
		return Entered{}, ticket.ErrTicket
	}
	now := f.now()
	p, err := f.o.Tickets.ByTicket(ctx, t, now)
	if err != nil {
		return Entered{}, err
	}
	if !known || !p.Nonce.Equal(n) || p.Host != host {
		return Entered{}, ticket.ErrTicket.Becausef("ticket for %q at %q, nonce known: %v", p.Host, host, known)
	}
	if _, err := f.o.Sites.Site(ctx, host); err != nil {
		return Entered{}, err
	}
	gate := secret.New(ticket.GatePurpose)
	g := ticket.Gate{Digest: gate.Digest(f.o.Instance), Host: host, Session: p.Session, User: p.User, CreatedAt: now}
	sid := session.ID(p.Session).String()
	ev := user.By(p.User, sid, by.Source).Event(ticket.GateOpened, now, p.User).InSession(sid).With("host", host)
	if err := f.o.Tickets.Redeem(ctx, p, g, now, ev); err != nil {
		return Entered{}, err
	}
	return Entered{gate, p.URL}, nil
}

// Leave closes the gate whose secret is text. One that opens nothing any more has
// nothing to close.
func (f *Flow) Leave(ctx context.Context, by user.Caller, host, text string) error {
	who, err := f.o.People.Gate(ctx, text, host)
	if err != nil {
		return err
	}
	id, err := user.ParseID(who.Subject)
	if err != nil {
		return err
	}
	d, _ := secret.DigestOf(ticket.GatePurpose, f.o.Instance, text)
	now := f.now()
	ev := user.By(id, who.Session, by.Source).Event(ticket.GateClosed, now, id).With("host", host)
	return f.o.Tickets.Close(ctx, d, id, now, ev)
}
