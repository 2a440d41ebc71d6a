// Package registry is the flow that answers, on the hot path, what clients and
// resources are, and authenticates clients.
//
// It answers from bounded snapshots in memory, but only while this process holds
// a freshness proof; without one every answer is read from the store (TH-11). A
// snapshot is dropped by the revocation entry of the act that changed what it
// shows, and a fill that the act overtook is not kept (TH-10).
//
// A client that proves itself with its keys has them in its registration or behind
// a jwks_uri, which is fetched within bounds and remembered as it was parsed (JW-45).
//
// Everything wrong with a client's credentials is one refusal, and costs the same
// whether the client exists or not (OA-36). How often one may guess is for the
// flow that asks to limit (OA-7).
package registry
