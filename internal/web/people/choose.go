package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/user"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
	"github.com/mortise-auth/mortise/verify"
)

// errSeat: the session was ended elsewhere, or never was this browser's.
var errSeat = problem.New(problem.Conflict, "account_not_here", "That account is not signed in in this browser any more. Choose another, or sign in to it.")

// showChoose is GET /choose. Whoever has no live session here learns nothing of
// who had one.
func (p *Pages) showChoose(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	return p.chooser(w, r, f, page.Form{}, http.StatusOK)
}

func (p *Pages) chooser(w http.ResponseWriter, r *http.Request, f form, again page.Form, status int) error {
	seats, err := p.seats(r)
	if err != nil {
		return err
	}
	if len(seats) == 0 {
		return p.to(w, p.loginFor(r, f.returnTo()))
	}
	return p.Show(w, r, status, page.Choose{Form: again, List: seats, ReturnTo: f.returnTo(), Full: len(seats) > web.MaxFurther})
}

// seats are the accounts that are signed in in this browser, the one it acts as
// first.
func (p *Pages) seats(r *http.Request) ([]page.Seat, error) {
	further, err := p.o.Frame.Further(r)
	if err != nil {
		return nil, err
	}
	var all []page.Seat
	if who := web.Of(r).Identity; who != nil {
		all = append(all, seatOf(who, true))
	}
	for _, h := range further {
		all = append(all, seatOf(h.Identity, false))
	}
	return all, nil
}

func seatOf(who *verify.Identity, current bool) page.Seat {
	return page.Seat{ID: who.Session, Name: who.Name, Email: who.Email, Current: current}
}

// choose is POST /choose: the browser goes on as another of its accounts. Both
// sessions get new secrets (SE-3).
func (p *Pages) choose(w http.ResponseWriter, r *http.Request, f form) error {
	q := web.Of(r)
	if q.Identity != nil && q.Identity.Session == f["account"] {
		return p.onward(w, f.returnTo(), "/account")
	}
	further, err := p.o.Frame.Further(r)
	if err != nil {
		return err
	}
	chosen, rest := pick(further, f["account"])
	if chosen == nil {
		return p.noSeat(w, r, f)
	}
	fresh, err := p.renewed(r, *chosen)
	if err != nil {
		return err
	}
	if fresh == "" {
		return p.noSeat(w, r, f)
	}
	p.takeSeat(w, fresh, chosen.Identity)
	if err := p.setAside(w, r, q.Identity, rest); err != nil {
		return err
	}
	return p.onward(w, f.returnTo(), "/account")
}

func (p *Pages) noSeat(w http.ResponseWriter, r *http.Request, f form) error {
	web.Of(r).Refused(errSeat)
	return p.chooser(w, r, f, page.Form{Problem: errSeat}, errSeat.Kind.Status())
}

// endSeat is POST /choose/end: one of the accounts is signed out here.
func (p *Pages) endSeat(w http.ResponseWriter, r *http.Request, f form) error {
	q := web.Of(r)
	further, err := p.o.Frame.Further(r)
	if err != nil {
		return err
	}
	back := chooserPath(f.returnTo())
	if q.Identity != nil && q.Identity.Session == f["account"] {
		if err := p.o.SignIn.SignOut(r.Context(), q.Caller); err != nil {
			return err
		}
		p.flash(w, page.NoticeAccountEnded, "")
		return p.signedOut(w, "", back)
	}
	chosen, rest := pick(further, f["account"])
	if chosen == nil {
		return p.noSeat(w, r, f)
	}
	if err := p.signOutHeld(r, *chosen); err != nil {
		return err
	}
	p.keepHeld(w, rest)
	p.flash(w, page.NoticeAccountEnded, "")
	return p.to(w, back)
}

// pick takes the session called id out of held.
func pick(held []web.Held, id string) (chosen *web.Held, rest []web.Held) {
	for i := range held {
		if held[i].Identity.Session == id {
			chosen = &held[i]
		} else {
			rest = append(rest, held[i])
		}
	}
	return chosen, rest
}

// callerOf acts as who holds a session.
func callerOf(r *http.Request, who *verify.Identity) (user.Caller, error) {
	id, err := user.ParseID(who.Subject)
	return user.By(id, who.Session, web.Of(r).Caller.Source), err
}
