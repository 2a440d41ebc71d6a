// Package oauth is the flow behind the token, introspection and revocation
// endpoints, and behind first-party sign-in with tokens.
//
//	form -> client authentication -> limits -> may this client use the grant?
//	     -> the grant's hook: whose, for what -> tokens -> audit
//
// The pipeline is the same for every grant type and cannot be skipped by one: a
// Hook only says whose access it is and how far it reaches. Client, match and
// sender are checked before any state (TH-8). Errors are the registered ones of
// RFC 6749 and its relatives; the true cause goes to the log.
//
// Nothing here reads cookies. A single-page app keeps its refresh token in a
// cookie that one route of the API reads (TH-9) and hands to Renew; whoever holds
// that cookie has proven nothing by it (TH-5).
//
// Introspection tells a client only of tokens for resources it is a verifier of,
// and of its own; everything else is inactive (OA-60). Parsing and writing are the
// business of web/oauth and web/api.
package oauth
