// Package notes is an API for the examples: it takes access tokens for the audience
// it is, with the scopes notes:read and notes:write, and keeps notes in memory.
package notes

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/mortise-auth/mortise/verify"
)

// Handler serves GET and POST /notes to whoever v finds a good token with.
func Handler(v *verify.Verifier) http.Handler {
	n := &notes{all: map[string][]string{}}
	mux := http.NewServeMux()
	mux.Handle("GET /notes", v.Require(verify.Scope("notes:read"))(http.HandlerFunc(n.list)))
	mux.Handle("POST /notes", v.Require(verify.Scope("notes:write"))(http.HandlerFunc(n.add)))
	return mux
}

// notes are kept by the subject of the tokens: a person, or a program that acts for itself.
type notes struct {
	mu  sync.Mutex
	all map[string][]string
}

func (n *notes) list(w http.ResponseWriter, r *http.Request) {
	who, _ := verify.FromContext(r.Context())
	n.mu.Lock()
	defer n.mu.Unlock()
	answer := map[string]any{"of": who.Subject, "notes": append([]string{}, n.all[who.Subject]...)}
	if acting := who.Actor(); acting != nil {
		answer["by"] = acting.Subject
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func (n *notes) add(w http.ResponseWriter, r *http.Request) {
	who, _ := verify.FromContext(r.Context())
	const longest, most = 500, 100
	var note struct{ Text string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&note); err != nil || note.Text == "" || len(note.Text) > longest {
		http.Error(w, "want {\"text\":…} of at most 500 bytes", http.StatusBadRequest)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if all := append(n.all[who.Subject], note.Text); len(all) <= most {
		n.all[who.Subject] = all
	}
	w.WriteHeader(http.StatusNoContent)
}
