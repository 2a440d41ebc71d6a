package app

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/mortise-auth/mortise/internal/dpop"
	"github.com/mortise-auth/mortise/internal/secret"
	"github.com/mortise-auth/mortise/internal/web"
	weboauth "github.com/mortise-auth/mortise/internal/web/oauth"
)

// wireProofs makes what checks proofs of possession.
func (a *App) wireProofs(context.Context) error {
	a.proofs = dpop.New(dpop.Options{MAC: a.keys.MAC, Memory: a.proofMemory()})
	return nil
}

// proofMemory is this process's own on SQLite, which has one process: nothing is
// written for a request. On PostgreSQL others may answer beside it.
func (a *App) proofMemory() dpop.Memory {
	if a.store.Engine() == "postgres" {
		return a.store.DPoP()
	}
	var epoch dpop.Epoch
	secret.Fill(epoch[:])
	return dpop.NewRecent(epoch, a.c.Now())
}

// protectedResources are the RFC 9728 documents by path: of our own API, and of the
// handlers behind Require if their name is an address on this host.
func (a *App) protectedResources() (map[string]http.Handler, error) {
	all := map[string]http.Handler{}
	for _, resource := range []string{a.Issuer(), a.Audience()} {
		path, ok := a.metadataPath(resource)
		if !ok {
			continue
		}
		doc := weboauth.ProtectedResourceOf(resource, a.Issuer())
		if resource == a.Issuer() {
			doc.Name, doc.Docs = "Mortise API", a.link("/docs/api")
		}
		h, err := weboauth.ProtectedResourceHandler(doc)
		if err != nil {
			return nil, err
		}
		all[path] = h
	}
	return all, nil
}

// metadataPath is where on this host the document of a resource is; false if it
// belongs to another.
func (a *App) metadataPath(resource string) (string, bool) {
	u, err := url.Parse(web.ResourceMetadata(resource))
	if err != nil || u.Host != a.c.url.Host || u.Scheme != a.c.url.Scheme || strings.Contains(u.Path, "//") {
		return "", false
	}
	return u.Path, true
}

// Realm is what challenges before the host's handlers say.
func (a *App) Realm() web.Realm {
	realm := web.Realm{Name: a.c.url.String()}
	if _, ok := a.metadataPath(a.Audience()); ok {
		realm.Metadata = web.ResourceMetadata(a.Audience())
	}
	return realm
}
