// Package federation owns connections: other people's sign-in services that our
// accounts may be entered by, and the links from their subjects to our accounts.
//
// A Connection has an id that is never reused and a name that may be. A Link is
// keyed by connection id, issuer and subject (TH-40): never by an e-mail address,
// and never by a name that somebody else could be given tomorrow.
//
// A Protocol speaks with one kind of service and ends in a Statement: what the
// service says, verified, as claims. Mapping makes a Person of it: what we would
// keep. Whether an address of that Person counts here is for Connection.Trusts to
// say, and no Protocol can say it for itself.
//
// OpenID Connect and OAuth 2.0 are in federation/oidc; SAML fits the same seam.
// The flow federate is the caller: it decides who may enter, link, or be created.
package federation
