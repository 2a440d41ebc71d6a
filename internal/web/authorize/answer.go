package authorize

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	flow "github.com/mortise-auth/mortise/internal/authorize"
	"github.com/mortise-auth/mortise/internal/web"
	"github.com/mortise-auth/mortise/internal/web/page"
)

// policy is that of pages that lead to an app. It leaves form-action out: what the
// app answers to the form may lead anywhere (SE-41). Nothing of others is loaded.
func policy(nonce string) string {
	return "default-src 'none'; script-src 'nonce-" + nonce + "' 'strict-dynamic'; style-src 'nonce-" + nonce +
		"'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
}

// Answer sends the browser back to an app.
func (h *Handler) Answer(w http.ResponseWriter, r *http.Request, a flow.Response) error {
	host := flow.HostOf(a.To)
	if a.Mode == flow.FormPost {
		status := http.StatusOK
		if a.Pause {
			status = http.StatusBadRequest
		}
		v := page.Respond{To: template.URL(a.To), Host: host, Params: a.Params, Pause: a.Pause} //nolint:gosec // an address that the client is registered with
		return h.o.Desk().Present(w, r, status, v, policy(web.Of(r).Nonce))
	}
	to := Address(a)
	switch {
	case a.Pause:
		v := page.Away{To: template.URL(to), Host: host} //nolint:gosec // as above
		return h.o.Desk().Present(w, r, http.StatusBadRequest, v, policy(web.Of(r).Nonce))
	case chained(r):
		w.Header().Set("Refresh", "0; url="+to)
		v := page.Onward{To: template.URL(to), Host: host} //nolint:gosec // as above
		return h.o.Desk().Present(w, r, http.StatusOK, v, policy(web.Of(r).Nonce))
	}
	return seeOther(w, to)
}

// chained reports whether a browser may hold a redirect to the policy of the form
// it has just sent: it came by a page of ours.
func chained(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") == "same-origin"
}

// Address is where a response in query or fragment leads (RFC 6749 section 4.1.2).
// What the address already says is kept.
func Address(a flow.Response) string {
	var b strings.Builder
	b.WriteString(a.To)
	separator := byte('?')
	switch {
	case a.Mode == flow.Fragment:
		separator = '#'
	case strings.Contains(a.To, "?"):
		separator = '&'
	}
	for _, p := range a.Params {
		b.WriteByte(separator)
		b.WriteString(escape(p[0]) + "=" + escape(p[1]))
		separator = '&'
	}
	return b.String()
}

// escape writes a space as %20, which every reader takes for one.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
