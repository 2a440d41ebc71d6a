// Package endsession serves /oauth2/end_session (OpenID Connect RP-Initiated
// Logout 1.0) and the page after it, which tells clients of front-channel logout.
//
// It is a page for people that clients send them to: what is wrong with a request
// is a page with a code, never a redirect. What is decided is decided by the flow
// of the same name; this package reads requests and writes pages, and keeps to
// these rules. GET acts only for a hint about who is signed in; a POST that another
// site caused carries no cookie of ours, so it is turned into a GET; the
// confirmation is a form of ours with our token.
package endsession
