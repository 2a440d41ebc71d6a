package authorize

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// prompts are the values of prompt (OpenID Core 3.1.2.1, and create of its own
// specification).
type prompts struct{ none, login, consent, choose, create bool }

// checkPrompt reads them; none stands alone (OA-93).
func checkPrompt(_ context.Context, r *request, p Params) error {
	values := strings.Fields(one(p, "prompt"))
	for _, value := range values {
		switch value {
		case "none":
			r.prompt.none = true
		case "login":
			r.prompt.login = true
		case "consent":
			r.prompt.consent = true
		case "select_account":
			r.prompt.choose = true
		case "create":
			r.prompt.create = true
		default:
			return ErrInvalidRequest.Becausef("prompt %.40q", value)
		}
	}
	if len(values) > 1 && (r.prompt.none || r.prompt.create) {
		return ErrInvalidRequest.Becausef("prompt %.80q", one(p, "prompt"))
	}
	return nil
}

// checkMaxAge reads how old the proof of the person may be; the client may have
// registered a default.
func checkMaxAge(_ context.Context, r *request, p Params) error {
	if age := r.client.DefaultMaxAge; age != nil {
		r.maxAge = time.Duration(*age) * time.Second
	}
	text := one(p, "max_age")
	if text == "" {
		return nil
	}
	const most = 10 * 365 * 24 * 3600
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return ErrInvalidRequest.Becausef("max_age %.20q", text)
	}
	r.maxAge = time.Duration(min(n, most)) * time.Second
	return nil
}

// checkHints bounds what only helps a page: nothing here refuses (OA-96).
// display and claims_locales have no effect. acr_values, like an acr claim that is
// not essential, asks who can for a stronger sign-in; the acr told is what it was.
func checkHints(_ context.Context, r *request, p Params) error {
	const longest, most = 254, 10
	if hint := one(p, "login_hint"); len(hint) <= longest {
		r.login = hint
	}
	if hoped := strings.Fields(one(p, "acr_values")); len(hoped) > 0 {
		r.hoped = hoped
	}
	for _, tag := range strings.Fields(one(p, "ui_locales")) {
		if len(r.locales) < most && len(tag) <= 35 { // the longest tag of RFC 5646 that anybody has to take
			r.locales = append(r.locales, tag)
		}
	}
	return nil
}
