// Package jwks serves public keys to whoever verifies what we sign (RFC 7517, 5).
//
// The answer is finished bytes with an entity tag, and may be kept for less time
// than a key is published before it signs (JW-40). It is the same for everybody,
// so it needs no session, no limit and no frame, and any origin may read it.
package jwks

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mortise-auth/mortise/internal/problem"
	"github.com/mortise-auth/mortise/internal/signing"
	"github.com/mortise-auth/mortise/internal/web"
)

// Keys is what the package needs of signing.Ring.
type Keys interface {
	Published(ctx context.Context, u signing.Use) (signing.Document, error)
}

// answer is a document with its headers made.
type answer struct {
	body   []byte
	tag    string
	header http.Header
}

// Handler answers GET and HEAD with the public keys of use u, and 503 when they
// are not known.
func Handler(keys Keys, u signing.Use) http.Handler {
	var last atomic.Pointer[answer]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		doc, err := keys.Published(r.Context(), u)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			http.Error(w, problem.Of(err).Public, http.StatusServiceUnavailable)
			return
		}
		a := last.Load()
		if a == nil || &a.body[0] != &doc.JSON[0] {
			a = prepare(doc)
			last.Store(a)
		}
		a.write(w, r)
	})
}

func prepare(doc signing.Document) *answer {
	sum := sha256.Sum256(doc.JSON)
	a := &answer{body: doc.JSON, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	a.header = http.Header{
		"Access-Control-Allow-Origin":  {"*"},
		"Cache-Control":                {"public, max-age=" + strconv.Itoa(int(doc.MaxAge/time.Second))},
		"Content-Type":                 {"application/json"},
		"Content-Length":               {strconv.Itoa(len(doc.JSON))},
		"Content-Security-Policy":      {"default-src 'none'; frame-ancestors 'none'"},
		"Cross-Origin-Resource-Policy": {"cross-origin"},
		"Etag":                         {a.tag},
		"X-Content-Type-Options":       {"nosniff"},
	}
	return a
}

func (a *answer) write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") { // of a wrapper around us (TH-36)
			delete(h, name)
		}
	}
	for name, v := range a.header {
		h[name] = v
	}
	if web.Unchanged(r, a.tag) {
		delete(h, "Content-Length")
		delete(h, "Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(a.body) // whoever went away needs no keys
}
