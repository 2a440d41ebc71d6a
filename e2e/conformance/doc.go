// Package conformance is our own copies of the OpenID Foundation's test modules, one
// subtest each and by the same names (docs/standards/oidf-op-modules.md), so that
// whoever reads a certification report finds here what each line of it means.
//
// The server under test is the assembled one behind real HTTPS, on a clock that the
// modules move. The relying party beside it is written against the specifications
// with the standard library and go-jose: it shares no code with the server, so it
// cannot share its mistakes. People are a browser without JavaScript that follows
// what it is told and finds its way by the stable ids of the pages.
//
// scripts/conformance prints what came of each module; docs/conformance.md keeps it.
package conformance
