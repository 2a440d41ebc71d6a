// Package registration owns what lets programs register themselves (RFC 7591)
// and what lets them look after their registration (RFC 7592).
//
// An initial access token is handed out by whoever administers: its bearer may
// register some clients, within a policy, until a time. Each registration spends
// one use in the act that makes the client, so fifty that race for the last use
// get one client. A registration access token opens exactly one client's record
// and nothing else. Of both only digests are kept.
//
// A Registration is kept for every client that registered itself, also for those
// that a metadata document describes. It goes with its client.
//
// The flow enroll registers; the flow directory hands out initial access tokens.
package registration
