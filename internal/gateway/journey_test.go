package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/session"
	"github.com/mortise-auth/mortise/internal/site"
	"github.com/mortise-auth/mortise/internal/ticket"
	"github.com/mortise-auth/mortise/internal/user"
)

const host = "app.example.org"

func (r *rig) person() user.Caller {
	return user.By(user.NewID(r.now), session.NewID(r.now).String(), audit.Source{})
}

// setOut parks and binds in one browser.
func (r *rig) setOut(nonce string) (handle, own secret.Token) {
	r.t.Helper()
	parked, at, err := r.Park(r.t.Context(), "https://app.example.org/a?b=c")
	if err != nil || at != host {
		r.t.Fatal(at, err)
	}
	handle, own, err = r.Bind(r.t.Context(), host, parked.Reveal(), nonce)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, _, err := r.Bind(r.t.Context(), host, parked.Reveal(), ""); !errors.Is(err, ticket.ErrParked) {
		r.t.Errorf("the first handle still opens: %v", err)
	}
	return handle, own
}

func (r *rig) ticket(by user.Caller, handle secret.Token) secret.Token {
	r.t.Helper()
	t, _, err := r.Issue(r.t.Context(), by, handle.Reveal())
	if err != nil {
		r.t.Fatal(err)
	}
	return t
}

// TH-37
func TestJourney(t *testing.T) {
	r := newRig(t, app, site.Site{Host: "b.example.org"})
	ada := r.person()
	handle, nonce := r.setOut("")
	text := r.ticket(ada, handle)
	other := secret.New(ticket.NoncePurpose)
	for name, try := range map[string]func() (Entered, error){
		"another browser": func() (Entered, error) { return r.Redeem(t.Context(), ada, host, text.Reveal(), other.Reveal()) },
		"no nonce":        func() (Entered, error) { return r.Redeem(t.Context(), ada, host, text.Reveal(), "") },
		"another host": func() (Entered, error) {
			return r.Redeem(t.Context(), ada, "b.example.org", text.Reveal(), nonce.Reveal())
		},
		"another ticket":      func() (Entered, error) { return r.Redeem(t.Context(), ada, host, other.Reveal(), nonce.Reveal()) },
		"garbage":             func() (Entered, error) { return r.Redeem(t.Context(), ada, host, "x", nonce.Reveal()) },
		"the nonce as handle": func() (Entered, error) { return r.Redeem(t.Context(), ada, host, handle.Reveal(), nonce.Reveal()) },
	} {
		if in, err := try(); !errors.Is(err, ticket.ErrTicket) {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
	in, err := r.Redeem(t.Context(), user.Caller{}, host, text.Reveal(), nonce.Reveal())
	if err != nil || in.URL != "https://app.example.org/a?b=c" {
		t.Fatal(in, err)
	}
	if g := r.rows.gates[0]; g.Host != host || g.User != ada.User || session.ID(g.Session).String() != ada.Session || g.Digest != in.Gate.Digest([16]byte{}) {
		t.Errorf("%+v", g)
	}
	if _, err := r.Redeem(t.Context(), ada, host, text.Reveal(), nonce.Reveal()); !errors.Is(err, ticket.ErrTicket) {
		t.Errorf("again: %v", err)
	}
	if _, _, err := r.Issue(t.Context(), ada, handle.Reveal()); !errors.Is(err, ticket.ErrParked) {
		t.Errorf("a spent request is issued another ticket: %v", err)
	}
}

// TH-37: an attacker begins, hands over half-way, and cannot end it: the handle
// that the victim's browser goes on with is not the one he knows.
func TestHandedOver(t *testing.T) {
	r := newRig(t, app)
	attacker := r.person()
	parked, _, err := r.Park(t.Context(), "https://app.example.org/")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Issue(t.Context(), attacker, parked.Reveal()); !errors.Is(err, ticket.ErrParked) {
		t.Fatalf("a ticket for a request without a browser: %v", err)
	}
	if _, _, err := r.Bind(t.Context(), host, parked.Reveal(), ""); err != nil { // in the victim's browser
		t.Fatal(err)
	}
	if _, _, err := r.Issue(t.Context(), attacker, parked.Reveal()); !errors.Is(err, ticket.ErrParked) {
		t.Fatalf("the attacker gets a ticket for the victim's browser: %v", err)
	}
}

// Two tabs set out in turns and both arrive.
func TestTwoTabs(t *testing.T) {
	r := newRig(t, app)
	ada := r.person()
	first, nonce := r.setOut("")
	second, again := r.setOut(nonce.Reveal())
	if nonce.Reveal() != again.Reveal() {
		t.Error("the second tab took the first one's nonce away")
	}
	for _, handle := range []secret.Token{second, first} {
		if _, err := r.Redeem(t.Context(), ada, host, r.ticket(ada, handle).Reveal(), again.Reveal()); err != nil {
			t.Error(err)
		}
	}
}

func TestTooLate(t *testing.T) {
	r := newRig(t, app)
	ada := r.person()
	handle, nonce := r.setOut("")
	text := r.ticket(ada, handle)
	r.now = r.now.Add(ticket.Life)
	if _, err := r.Redeem(t.Context(), ada, host, text.Reveal(), nonce.Reveal()); !errors.Is(err, ticket.ErrTicket) {
		t.Errorf("after 30 s: %v", err)
	}
	r.now = r.now.Add(time.Hour)
	if err := r.Waiting(t.Context(), handle.Reveal()); !errors.Is(err, ticket.ErrParked) {
		t.Errorf("after an hour: %v", err)
	}
}

// SE-45 SE-56: nobody is sent to a place that only the address names.
func TestParkTakesOnlySites(t *testing.T) {
	r := newRig(t, app)
	for _, address := range []string{
		"", "/", "//app.example.org/", "http://app.example.org/", "https://evil.test/", "https://app.example.org.evil.test/", "https://app.example.org@evil.test/",
		"https://evil.test/https://app.example.org/", "https://app.example.org:444/", "https://app.example.org\\@evil.test/", "https:/app.example.org/",
		"https://app.example.org/a/../b", "https://app.example.org/a#b", "https://app.example.org/\r\nx: y", "javascript:alert(1)", " https://app.example.org/", "https://",
	} {
		if _, _, err := r.Park(t.Context(), address); err == nil || problem.Of(err).Kind == problem.Internal {
			t.Errorf("%q: %v", address, err)
		}
	}
	for address, want := range map[string]string{
		"https://app.example.org": "https://app.example.org/", "https://APP.example.org:443/x": "https://app.example.org/x", "https://app.example.org?a=b": "https://app.example.org/?a=b",
	} {
		if _, _, err := r.Park(t.Context(), address); err != nil || r.rows.all[len(r.rows.all)-1].URL != want {
			t.Errorf("%q: %v, %+v", address, err, r.rows.all[len(r.rows.all)-1])
		}
	}
}
