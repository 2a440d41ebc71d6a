package app

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"github.com/mortise-auth/mortise/internal/passkey"
)

// Passkeys is what an operator sets about passkeys. The zero value is a good one.
type Passkeys struct {
	RPID      string   // the domain they are bound to; empty: the host of the public URL
	Related   []string // further origins that may use them (PW-74)
	Allow     []string // AAGUIDs of models; empty: all
	Deny      []string
	Roots     string // certificates in PEM of makers: then a model must be attested
	RootsFile string // or a file of them
	Metadata  string // file of the models that FIDO vouches for: then a model must be in it
	Signer    string // file of the root, in PEM, that must have signed it; empty: FIDO's
	Strict    bool   // refuse a signature counter that went back
}

func (p Passkeys) policy(now time.Time) (out passkey.Policy, err error) {
	out.Strict = p.Strict
	for from, to := range map[*[]string]*[]passkey.AAGUID{&p.Allow: &out.Allow, &p.Deny: &out.Deny} {
		for _, text := range *from {
			model, err := passkey.ParseAAGUID(text)
			if err != nil {
				return out, passkey.ErrPolicy.Because(err)
			}
			*to = append(*to, model)
		}
	}
	roots := []byte(p.Roots)
	if p.RootsFile != "" {
		if roots, err = os.ReadFile(p.RootsFile); err != nil {
			return out, passkey.ErrPolicy.Because(err)
		}
	}
	if p.RootsFile != "" || p.Roots != "" {
		out.Roots = x509.NewCertPool()
		if !out.Roots.AppendCertsFromPEM(roots) {
			return out, passkey.ErrPolicy
		}
	}
	if p.Metadata != "" {
		out.Models, err = p.models(now)
	}
	return out, err
}

func (p Passkeys) models(now time.Time) (*passkey.Metadata, error) {
	blob, err := os.ReadFile(p.Metadata)
	if err != nil {
		return nil, passkey.ErrPolicy.Because(err)
	}
	var root []byte
	if p.Signer != "" {
		if root, err = os.ReadFile(p.Signer); err != nil {
			return nil, passkey.ErrPolicy.Because(err)
		}
	}
	return passkey.ReadMetadata(blob, root, now)
}

func (a *App) wirePasskeys(ctx context.Context) error {
	name := a.c.Brand
	if name == "" {
		name = "Mortise"
	}
	site, err := passkey.NewSite(a.c.url, a.c.Passkeys.RPID, name, a.c.Passkeys.Related)
	if err != nil {
		return err
	}
	policy, err := a.c.Passkeys.policy(a.c.Now())
	if err != nil {
		return err
	}
	if m := policy.Models; m != nil && a.c.Now().After(m.NextUpdate) {
		a.c.Log.Warn("the metadata file of passkeys is out of date: download it again", "models", m.Len(), "next", m.NextUpdate.Format(time.DateOnly))
	}
	a.Passkeys = passkey.New(passkey.Options{Instance: a.facts.ID, Now: a.c.Now, Keys: a.keys, Store: a.store.Passkeys(), Site: site, Policy: policy})
	return a.Passkeys.Check(ctx)
}

// passkeyDocuments are for browsers and password managers, at the root of the
// host: who else may use our passkeys, and where people manage them.
func (a *App) passkeyDocuments() map[string]http.Handler {
	site := a.Passkeys.Site()
	documents := map[string]http.Handler{
		"GET /.well-known/passkey-endpoints": document(map[string]string{"enroll": a.link("/account/passkeys"), "manage": a.link("/account/passkeys")}),
	}
	if len(site.Origins) > 1 {
		documents["GET /.well-known/webauthn"] = document(map[string][]string{"origins": site.Origins})
	}
	return documents
}

func document(v any) http.Handler {
	body, err := json.Marshal(v)
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(body)
	})
}
