package people

import (
	"net/http"

	"github.com/mortise-auth/mortise/internal/account"
	"github.com/mortise-auth/mortise/internal/audit"
	"github.com/mortise-auth/mortise/internal/useragent"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// pageSize is how many events one page of the log looks through.
const pageSize = 50

// showActivity is GET /account/activity, a page at a time, newest first.
func (p *Pages) showActivity(w http.ResponseWriter, r *http.Request) error {
	f, err := query(r)
	if err != nil {
		return err
	}
	var before audit.ID
	if cursor := f["before"]; cursor != "" {
		if err := before.UnmarshalText([]byte(cursor)); err != nil {
			return web.ErrBadRequest.Because(err)
		}
	}
	raw, err := p.o.Account.Events(r.Context(), web.Of(r).Caller, before, pageSize)
	if err != nil {
		return err
	}
	v := page.Activity{Events: shown(raw), Newest: before.IsZero()}
	if len(raw) == pageSize {
		v.Older = raw[len(raw)-1].ID.String()
	}
	if v.Recovering, err = p.recovering(r); err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, v)
}

// aboutDetail is the detail of a report that names the event it is about.
const aboutDetail = "about"

// shown are the events that account owners see. One that its owner disputed on
// the same page says so.
func shown(raw []audit.Event) []page.Event {
	disputed := map[string]bool{}
	var events []page.Event
	for _, e := range raw {
		if e.Name == account.NotMe.String() {
			disputed[e.Details[aboutDetail]] = true
		}
		if v, ok := eventView(e); ok {
			v.Disputed = disputed[v.ID]
			events = append(events, v)
		}
	}
	return events
}

func eventView(e audit.Event) (page.Event, bool) {
	d, ok := audit.Lookup(e.Name)
	if !ok || d.Sentence == "" {
		return page.Event{}, false
	}
	own := e.Actor.Type == audit.ActorUser || e.Actor.Type == audit.ActorAnonymous
	return page.Event{
		ID: e.ID.String(), Name: e.Name, Time: e.Time, Failed: e.Outcome != audit.Success,
		Device: useragent.Describe(e.Source.UserAgent), Place: e.Source.Place, IP: e.Source.IP,
		CanDeny: own && e.Outcome == audit.Success && e.Name != account.NotMe.String(),
	}, true
}

// notMe is POST /account/activity/not-me: it asks before it acts.
func (p *Pages) notMe(w http.ResponseWriter, r *http.Request, f form) error {
	e, err := p.event(r, f["id"])
	if err != nil {
		return err
	}
	live, err := p.o.Account.Sessions(r.Context(), web.Of(r).Caller)
	if err != nil {
		return err
	}
	return p.own(w, r, http.StatusOK, page.NotMe{Event: e, Sessions: len(live)})
}

// event finds one event of the caller's own log.
func (p *Pages) event(r *http.Request, text string) (page.Event, error) {
	var id audit.ID
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return page.Event{}, web.ErrNotFound.Because(err)
	}
	found, ok, err := p.o.Account.Event(r.Context(), web.Of(r).Caller, id)
	if err != nil {
		return page.Event{}, err
	}
	if !ok {
		return page.Event{}, web.ErrNotFound
	}
	e, ok := eventView(found)
	if !ok {
		return page.Event{}, web.ErrNotFound
	}
	return e, nil
}

// secure is POST /account/activity/secure: every session ends, this one too, the
// password opens nothing any more, and the primary address gets a link and a
// code for a new one. It needs no
// password, because it takes nothing from the account's owner that a thief
// could keep.
func (p *Pages) secure(w http.ResponseWriter, r *http.Request, f form) error {
	e, err := p.event(r, f["id"])
	if err != nil {
		return err
	}
	ctx, q := r.Context(), web.Of(r)
	flow, err := p.o.Account.Report(ctx, q.Caller, e.ID, p.lang(r))
	if err != nil {
		return err
	}
	p.o.Frame.ClearCookie(w, p.o.Frame.Names().Session)
	p.flash(w, page.NoticeSecured, "")
	return p.goOn(w, step{Kind: stepRecover, Email: q.Identity.Email, Flow: flow.Reveal()}, "/recover/code")
}
