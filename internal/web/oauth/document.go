package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/mortise-auth/mortise/internal/web"
)

// document serves v as finished bytes to everybody, pages of any origin too. Clients
// of the Model Context Protocol ask with a header of theirs, and so their browsers
// first ask whether they may.
func document(v any) (http.Handler, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	tag := []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	kind, cache, anybody := []string{"application/json"}, []string{"public, max-age=900"}, []string{"*"}
	sniff, length := []string{"nosniff"}, []string{strconv.Itoa(len(body))}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Etag"], h["Cache-Control"], h["Access-Control-Allow-Origin"] = tag, cache, anybody
		h["X-Content-Type-Options"] = sniff
		if r.Method == http.MethodOptions {
			delete(h, "Etag")
			h.Set("Access-Control-Allow-Methods", "GET")
			h.Set("Access-Control-Allow-Headers", "MCP-Protocol-Version")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if web.Unchanged(r, tag[0]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h["Content-Type"], h["Content-Length"] = kind, length
		_, _ = w.Write(body) // whoever hung up is not told
	}), nil
}
