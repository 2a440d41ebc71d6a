// Exchange is an API that calls another API for the person who called it: it takes a
// token for itself and exchanges it for one that the other takes (RFC 8693). The new
// token is still the person's, lives no longer, reaches no further, and says who acts.
// In two terminals:
//
//	go run ./cmd/mortise dev --apply examples/exchange/apply.yaml
//	cd examples && go run ./exchange
//
// Then sign in as a program on somebody's device would, and ask how many notes there are:
//
//	T=$(curl -s http://localhost:8080/api/v1/signin --json '{"identifier": "ada@example.test",
//	    "password": "correct horse battery staple", "deliver": "tokens", "client_id": "phone"}' | jq -r .access_token)
//	curl -i http://localhost:4001/count -H "Authorization: Bearer $T"
package main

import (
	"context"
	"log"
	"net/http"

	"github.com/mortise-auth/mortise/examples/notes"
	"github.com/mortise-auth/mortise/verify"
)

func main() {
	const issuer, notesURL, countURL = "http://localhost:8080", "http://localhost:4000", "http://localhost:4001"
	inner, err := connect(context.Background(), issuer, notesURL, "notes-api")
	if err != nil {
		log.Fatal(err)
	}
	outer, err := connect(context.Background(), issuer, countURL, "count-api")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.ListenAndServe("localhost:4000", notes.Handler(inner))) }()
	log.Print("the number of notes is at " + countURL + "/count")
	log.Fatal(http.ListenAndServe("localhost:4001", handler(outer, issuer, notesURL)))
}

// secrets are those of apply.yaml; a real program reads its own from where its secrets are.
var secrets = map[string]string{
	"notes-api": "not-a-real-secret-of-notes-0123456789",
	"count-api": "not-a-real-secret-of-count-0123456789",
}

// connect learns the issuer's keys and follows its revocations.
func connect(ctx context.Context, issuer, self, client string) (*verify.Verifier, error) {
	return verify.New(ctx, issuer, verify.Audience(self), verify.Credentials(client, secrets[client]))
}
