package authorize

import (
	"errors"
	"net/http"
	"slices"

	flow "github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/authreq"
	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/rbac"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// Fail answers an error of the flow: the app is told where there is one to tell,
// else a page says it. Pages that ask people call it too.
func (h *Handler) Fail(w http.ResponseWriter, r *http.Request, err error) { h.fail(w, r, err) }

func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := problem.Of(err)
	if refusal, ok := flow.RefusalOf(err); ok {
		if err := h.Answer(w, r, explained(refusal.Response, web.Of(r).Why)); err == nil {
			return
		}
	}
	v, ok := h.fault(r, e)
	switch {
	case ok:
	case r.URL.Path == h.base+Path:
		h.o.Desk().FailApp(w, r, err)
		return
	default:
		h.o.Desk().Fail(w, r, err)
		return
	}
	if err := h.o.Desk().Present(w, r, e.Kind.Status(), v, web.PagePolicy(web.Of(r).Nonce)); err != nil {
		http.Error(w, e.Public, e.Kind.Status())
	}
}

// explained adds the code under which an administrator reads why (mortise why).
func explained(a flow.Response, why string) flow.Response {
	a.Params = slices.Clone(a.Params)
	for i, p := range a.Params {
		if p[0] == "error_description" && why != "" {
			a.Params[i][1] = p[1] + " [why: " + why + "]"
		}
	}
	return a
}

// fault is the page of an error that has one of its own.
func (h *Handler) fault(r *http.Request, e *problem.Error) (page.View, bool) {
	q := web.Of(r)
	var over *flow.Ended
	switch {
	case errors.As(e, &over):
		return page.Closed{Err: e, RequestID: q.ID, App: over.Name, Back: page.Link(over.Back)}, true
	case errors.Is(e, authreq.ErrUnknown), errors.Is(e, authreq.ErrOver):
		return page.Closed{Err: e, RequestID: q.ID}, true
	case errors.Is(e, flow.ErrRedirect):
		return h.mismatch(r, e), true
	}
	return nil, false
}

// mismatch shows both addresses to whoever may know what is registered.
func (h *Handler) mismatch(r *http.Request, e *problem.Error) page.View {
	q := web.Of(r)
	v := page.Mismatch{Err: e, RequestID: q.ID, Why: q.Why}
	if admin := q.Identity != nil && q.Identity.HasRole(rbac.Admin); h.o.Dev || admin || q.Host {
		v.Registered, v.Sent = page.Compare(e.Compared())
	}
	return v
}
