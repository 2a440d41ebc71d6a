package feed

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"

	"github.com/mortise-auth/mortise/internal/revocation/publish"
	"github.com/mortise-auth/mortise/internal/web"
)

// keys answers the feed's own key set. It is public and changes rarely; who
// caches it asks again for a key it does not know.
func (s *surface) keys(w http.ResponseWriter, r *http.Request) error {
	set, err := s.Keys(r.Context())
	if err != nil {
		return publish.ErrBusy.Because(err)
	}
	sum := sha256.Sum256(set)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age=60")
	if web.Unchanged(r, tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", "application/jwk-set+json")
	_, err = w.Write(set)
	return err
}
