// Package endsession answers a client that sends somebody to be signed out
// (OpenID Connect RP-Initiated Logout 1.0).
//
// The request comes through a browser, so anybody may have made it. What signs
// somebody out without asking is an id_token_hint: an ID token of ours for the
// person, or the very session, that is signed in in that browser. Everything else
// is asked about on a page. Whether the browser goes on to an address of the
// client is another question, and has another answer: only to an address that the
// client has registered, compared byte by byte, and only if we know which client
// asks. A request that names a wrong one is refused as a whole: it leads nowhere
// and ends nothing.
//
// Clients are told of the end by package logout, whatever caused it; here only
// those that want to be told in the browser are listed (Front-Channel Logout 1.0).
package endsession
