// Resource is an API that takes access tokens of Mortise: it checks them with verify,
// plain ones and those bound to a key (DPoP), wants scopes, follows revocations, and
// says in its metadata (RFC 9728) who hands out tokens for it. In two terminals:
//
//	go run ./cmd/mortise dev --apply examples/resource/apply.yaml
//	cd examples && go run ./resource
//
// Then ask for a token and bring it:
//
//	T=$(curl -s http://localhost:8080/oauth2/token -u reader:not-a-real-secret-0123456789abcdef \
//	    -d grant_type=client_credentials | jq -r .access_token)
//	curl -i http://localhost:4000/notes -H "Authorization: Bearer $T"
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/mortise-auth/mortise/examples/notes"
	"github.com/mortise-auth/mortise/verify"
)

func main() {
	v, err := connect(context.Background(), "http://localhost:8080", "http://localhost:4000")
	if err != nil {
		log.Fatal(err)
	}
	defer v.Close()
	log.Print("the notes are at http://localhost:4000/notes")
	log.Fatal(http.ListenAndServe("localhost:4000", handler(v)))
}

// connect learns the issuer's keys and follows its revocations. The secret is the one
// of apply.yaml; a real program reads its own from where its secrets are.
func connect(ctx context.Context, issuer, self string) (*verify.Verifier, error) {
	return verify.New(ctx, issuer, verify.Audience(self), verify.Documented(),
		verify.Credentials("notes-api", "not-a-real-secret-of-notes-0123456789"))
}

func handler(v *verify.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /.well-known/oauth-protected-resource", v.MetadataHandler("notes:read", "notes:write"))
	mux.Handle("/", notes.Handler(v))
	return mux
}
