// Package document reads and writes a client as programs describe themselves:
// the JSON object of RFC 7591, with the members of OpenID registration and its
// relatives.
//
// Members that nobody knows are ignored, as RFC 7591 section 2 wants, and so are
// those that only whoever administers may set: a first-party client, lifetimes,
// its profile. What is asked for and cannot be given, such as encryption, is
// refused rather than left out, because a client would find out too late.
//
// The flow enroll reads what is sent to /oauth2/register with it, the flow cimd
// what stands behind a client_id that is an address.
package document
