// Package authreq owns authorization requests that wait: those a client pushed
// (RFC 9126), and those for which a person has to do something first.
//
//	Insert (pushed) --a browser brings it--> Insert (parked, with its origin)
//	Insert (parked)  --Complete, once--> completed, and its origin with it
//	                 '--an hour--> over
//
// A parked request is bound to the browser it came from by the digest of a cookie
// (OA-24), so nobody finishes what another began. It is found by a handle of 256
// random bits, kept as a digest. A pushed request may be brought more than once
// while nothing came of it, so that reloading a page harms nobody; whichever of
// the requests it became is completed first ends it for all of them (OA-73).
//
// The package keeps parameters and does not read them: package authorize does,
// anew at each step, so that a client that changed meanwhile is seen as it is. It
// knows neither people nor codes.
package authreq
