package federate

import (
	"cmp"
	"context"
	"time"

	"github.com/mortise-auth/mortise/internal/federation"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/user"
)

// Wish is what somebody is sent to a service for.
type Wish struct {
	By         user.Caller
	Connection string // its name
	Purpose    Purpose
	Carry      Carry
	LoginHint  string
	Locales    []string
	Issuer     string // iss of a sign-in that was begun elsewhere; empty: begun here
	Ticket     string // of TestTicket, for Test
	Program    string // of ForProgram: it says what is carried
}

// Begun is where to send the browser, and what it keeps meanwhile.
type Begun struct {
	Address    string
	Tag        string // names the attempt in this browser
	Sealed     string // to be kept there for Life, and brought back
	Life       time.Duration
	Connection federation.Connection
	Page       string // of a program that is to be told what was wrong; empty: none
}

// Start begins an attempt and keeps nothing. federation.ErrUnknown;
// federation.ErrUpstream with the Connection when the service cannot be asked;
// ErrIssuer; ErrNotProven; for link and stepup federation.ErrAttempt when nobody is
// signed in.
func (f *Flow) Start(ctx context.Context, w Wish) (Begun, error) {
	c, err := f.wished(ctx, &w)
	if err != nil {
		return Begun{Connection: c}, err
	}
	a := attempt{
		State: secret.New(statePurpose).Reveal(), Connection: c.ID, Version: c.Version, Purpose: w.Purpose, Carry: w.Carry, Began: f.now(),
	}
	ask := federation.Ask{State: a.State, Callback: f.callback(c), LoginHint: w.LoginHint, Locales: w.Locales}
	if w.Purpose == Link || w.Purpose == StepUp {
		if w.By.User.IsZero() || w.By.Session == "" {
			return Begun{Connection: c}, federation.ErrAttempt
		}
		a.User, a.Session = w.By.User, w.By.Session
	}
	if w.Purpose == StepUp {
		l, err := f.proves(ctx, w.By.User, c)
		if err != nil {
			return Begun{Connection: c}, err
		}
		ask.LoginHint = cmp.Or(ask.LoginHint, l.Email)
		if c.ProvesAnew() {
			ask.Prompt, ask.MaxAge = "login", new(time.Duration)
		}
	}
	if w.Purpose == Link {
		ask.Prompt = "select_account"
	}
	address, kept, err := f.o.Protocol.Begin(ctx, c, ask)
	if err != nil {
		f.observe(c, outcomeOf(err))
		return Begun{Connection: c, Page: w.Carry.Page}, err
	}
	a.Kept = kept.Reveal()
	return Begun{Address: address, Tag: Tag(a.State), Sealed: f.seal(sealAttempt, a), Life: AttemptLife, Connection: c}, nil
}

// wished is the connection that a wish is about, if it may be asked for that.
func (f *Flow) wished(ctx context.Context, w *Wish) (federation.Connection, error) {
	if ready, err := f.o.Ready(ctx); err != nil || !ready {
		return federation.Connection{}, cmp.Or[error](err, federation.ErrUnknown)
	}
	if w.Purpose == Test {
		return f.tested(ctx, *w)
	}
	if w.Program != "" {
		return f.programmed(ctx, w)
	}
	c, err := f.connection(ctx, w.Connection)
	if err == nil && w.Issuer != "" && w.Issuer != c.Issuer() {
		return c, ErrIssuer.Comparing(c.Issuer(), w.Issuer)
	}
	return c, err
}

// callback is the address that a service sends people back to, exactly.
func (f *Flow) callback(c federation.Connection) string {
	return f.o.Link("/federation/" + c.Name + "/callback")
}

// ticket lets whoever holds it try a connection out.
type ticket struct {
	Connection federation.ID
	Version    int64
	At         time.Time
}

// TestTicket lets its holder try a connection out, though it be off: they see who
// they would be here, and nothing is kept. The caller has asked who may.
func (f *Flow) TestTicket(c federation.Connection) (path string, until time.Time) {
	t := ticket{c.ID, c.Version, f.now()}
	return "/federation/" + c.Name + "/start?test=" + f.seal(sealTest, t), t.At.Add(testLife)
}

func (f *Flow) tested(ctx context.Context, w Wish) (federation.Connection, error) {
	var t ticket
	if !f.unseal(sealTest, w.Ticket, &t) || !live(t.At, testLife, f.now()) {
		return federation.Connection{}, federation.ErrAttempt
	}
	c, err := f.o.Read.Federation().ByID(ctx, t.Connection)
	if err == nil && (c.Version != t.Version || c.Name != w.Connection) {
		return federation.Connection{}, federation.ErrAttempt
	}
	return c, err
}

// proves finds the link by which a service can confirm that it is them. Where the
// service does not prove people anew, it counts only for who has nothing better:
// their account is as safe as their session over there.
func (f *Flow) proves(ctx context.Context, owner user.ID, c federation.Connection) (federation.Link, error) {
	all, err := f.o.Read.Federation().LinksOf(ctx, owner)
	if err != nil {
		return federation.Link{}, err
	}
	for _, l := range all {
		if l.Connection == c.ID {
			if !c.ProvesAnew() {
				err = f.nothingBetter(ctx, owner)
			}
			return l, err
		}
	}
	return federation.Link{}, federation.ErrLinkUnknown
}
