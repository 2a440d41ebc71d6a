// Package feed is the surface of the revocation feed: /api/v1/revocations for
// followers and /api/v1/revocations/keys for the keys that sign it.
//
//	client authentication -> audience allowed? -> publish.Answer or Stream
//
// A package of its own beside api, because its answers are not values of a table:
// they are written while they are made, wait for news, or never end. It refuses
// followers who are no verifier of the audience they name, and parses nothing of
// cursors and nonces: the publisher does. It shares the API's form of errors.
package feed
