package verify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Require lets a request through when its credential is good and all rules hold;
// FromContext then tells who is asking. Everything else gets 400, 401, 403 or 503
// as application/problem+json with a stable code, and the WWW-Authenticate header
// of RFC 6750, RFC 9449 and RFC 9470.
func (v *Verifier) Require(rules ...Rule) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who, err := v.identify(r.Context(), r)
			if err == nil {
				err = v.Check(who, rules...)
			}
			if err != nil {
				v.Refuse(w, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), who)))
		})
	}
}

// Refuse answers with err, which Authenticate or Check returned; any other error
// is answered 503.
func (v *Verifier) Refuse(w http.ResponseWriter, err error) {
	e := ErrUncertain
	errors.As(err, &e)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if e.nonce != "" {
		h.Set("DPoP-Nonce", e.nonce)
	}
	if c := e.challenge(v.metadata); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	if e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": v.issuer + "/errors/" + e.Code, "title": e.Public, "status": e.Status, "code": e.Code,
	}) // a client that has gone cannot be told
}
