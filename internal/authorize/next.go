package authorize

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/client"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/session"
)

// Next goes on with a parked request after a page has done its part, or says what
// is still to be done. A request that is over, or another browser's, is
// authreq.ErrOver or ErrUnknown, with Ended inside when its app is known.
func (f *Flow) Next(ctx context.Context, handle string, v Visit) (Step, error) {
	k, err := f.parked(ctx, handle, v)
	if err != nil {
		return Step{}, err
	}
	s, err := f.decide(ctx, k, v)
	if err != nil || s.Kind == Done {
		return s, err
	}
	s.Handle = handle
	if s.Kind == Choose {
		err = f.o.Requests.Offer(ctx, k.row.Handle, f.now())
	}
	return s, err
}

// parked finds a request of this browser and reads it again, as its client is now.
func (f *Flow) parked(ctx context.Context, handle string, v Visit) (*kept, error) {
	d, ok := f.digest(authreq.HandlePurpose, handle)
	if !ok {
		return nil, authreq.ErrUnknown.Becausef("not a handle of this instance")
	}
	row, err := f.o.Requests.ByHandle(ctx, d)
	if err != nil {
		return nil, err
	}
	c, err := f.o.Registry.Client(ctx, row.Client)
	if errors.Is(err, client.ErrUnknown) {
		return nil, authreq.ErrOver.Because(err)
	}
	if err != nil {
		return nil, err
	}
	browser, _ := f.digest(authreq.BrowserPurpose, v.Browser)
	if row.Pushed || browser.IsZero() || !browser.Equal(row.Browser) {
		f.suspect(ctx, c, "other_browser", v.Source)
		return nil, authreq.ErrUnknown.Becausef("the request of another browser")
	}
	if row.Over(f.now()) || c.Disabled || c.Version != row.ClientVersion {
		return nil, ended(authreq.ErrOver, c)
	}
	p, err := unpack(row.Params)
	if err != nil {
		return nil, err
	}
	r, err := f.read(ctx, c, p, true) // whether it had to be pushed was settled when it came
	if err != nil {
		return nil, err
	}
	return &kept{request: r, row: row, handle: handle}, nil
}

// ended is an error that knows the way back to the app.
func ended(err *problem.Error, c client.Client) error {
	back := c.InitiateLoginURI
	if back == "" {
		back = c.ClientURI
	}
	return err.Because(&Ended{Name: c.Name, Back: back})
}

// decide says what is next. It ends the request when that is nothing; what the
// person may not be asked (prompt=none) ends it with an error.
func (f *Flow) decide(ctx context.Context, k *kept, v Visit) (Step, error) {
	s, live, err := f.step(ctx, k, v)
	switch {
	case err != nil:
		return Step{}, f.refused(ctx, k, err)
	case s.Kind == Done:
		s.Response, err = f.finish(ctx, k, live, v, Choice{}, false)
		return s, err
	case k.prompt.none:
		return Step{}, f.refused(ctx, k, silent[s.Kind])
	}
	return s, nil
}

// silent are what prompt=none says instead of a page (OA-93).
var silent = map[StepKind]*problem.Error{
	SignIn: ErrLogin, SignUp: ErrLogin, Reauthenticate: ErrLogin, Choose: ErrSelection, Consent: ErrConsent,
}

// refused ends a kept request with an error that its client is told.
func (f *Flow) refused(ctx context.Context, k *kept, err error) error {
	told := k.refuse(f.o.Issuer, err)
	if _, ok := RefusalOf(told); !ok {
		return told
	}
	if over := f.complete(ctx, k); over != nil {
		return over
	}
	return told
}

// complete ends a request that is kept somewhere, once.
func (f *Flow) complete(ctx context.Context, k *kept) error {
	row, ok := k.toComplete()
	if !ok {
		return nil
	}
	if err := f.o.Requests.Complete(ctx, row, f.now()); errors.Is(err, authreq.ErrOver) {
		return ended(authreq.ErrOver, k.client)
	} else if err != nil {
		return err
	}
	return nil
}

// toComplete is the row in which k ends: its own, or that of the pushed request it
// was just brought as.
func (k *kept) toComplete() (authreq.Request, bool) {
	switch {
	case !k.row.Handle.IsZero():
		return k.row, true
	case !k.row.Origin.IsZero():
		return authreq.Request{Handle: k.row.Origin}, true
	}
	return authreq.Request{}, false
}

// step finds the first thing that is missing. The session it returns is as it is
// in the store, which alone says when and how the person was proven.
func (f *Flow) step(ctx context.Context, k *kept, v Visit) (Step, session.Session, error) {
	s := Step{Hint: k.login, Lang: k.locales}
	live, err := f.session(ctx, v.Who)
	if err != nil {
		return s, live, err
	}
	if live.ID.IsZero() {
		s.Kind = SignIn
		if k.prompt.create && f.o.SignUp {
			s.Kind = SignUp
		}
		return s, live, nil
	}
	fresh := !live.AuthenticatedAt.Before(k.row.CreatedAt) // within this very request
	if s.Kind, err = f.person(k, v.Who, fresh); err != nil || s.Kind != 0 {
		return s, live, err
	}
	switch {
	case k.prompt.create && f.o.SignUp && !fresh:
		s.Kind = SignUp
	case !fresh && (k.prompt.login || k.stale(live, f.now())):
		s.Kind = Reauthenticate
	case live.Assurance < k.client.Assurance:
		s.Kind, s.ACR = Reauthenticate, strconv.Itoa(k.client.Assurance)
	default:
		var rises bool
		if rises, err = f.rises(ctx, k, live); err != nil || rises {
			s.Kind, s.ACR = Reauthenticate, "2"
			return s, live, err
		}
		if _, met := k.acr(live.Assurance); !met {
			return s, live, ErrUnmet.Becausef("assurance %d, asked for acr %q", live.Assurance, k.levels)
		}
		s.Kind, err = f.agreed(ctx, k, live)
	}
	return s, live, err
}

// person settles whose account it is: that of the hints, or the one chosen. Zero:
// the one that is signed in.
func (f *Flow) person(k *kept, who *Who, fresh bool) (StepKind, error) {
	is := f.isWanted(k.request, who.User)
	offered := !k.row.OfferedAt.IsZero()
	switch {
	case !is && (k.prompt.none || offered || fresh):
		return 0, ErrLogin.Becausef("another person is signed in than the one asked for")
	case !is:
		return Choose, nil
	case k.prompt.choose && !offered && !fresh:
		return Choose, nil
	case who.Others > 0 && !k.prompt.none && k.hint == "" && k.wanted == "" && !offered && !fresh:
		return Choose, nil
	}
	return 0, nil
}

// stale reports whether the person was proven too long ago (OA-94).
func (k *kept) stale(s session.Session, now time.Time) bool {
	return k.maxAge >= 0 && now.Sub(s.AuthenticatedAt) > k.maxAge || k.maxAge == 0
}

// agreed says whether a page is due.
func (f *Flow) agreed(ctx context.Context, k *kept, s session.Session) (StepKind, error) {
	due, _, err := f.due(ctx, k.request, s.User)
	if err != nil || due {
		return Consent, err
	}
	return Done, nil
}

// session reads the session of whoever is signed in; the zero Session: nobody is.
func (f *Flow) session(ctx context.Context, who *Who) (session.Session, error) {
	if who == nil {
		return session.Session{}, nil
	}
	s, err := f.o.Sessions.ByID(ctx, who.Session)
	switch {
	case errors.Is(err, session.ErrUnknown):
		return session.Session{}, nil
	case err != nil:
		return session.Session{}, err
	case s.User != who.User || !s.Live(f.now()):
		return session.Session{}, nil
	}
	return s, nil
}
