// Package ticket carries a sign-in from the provider's host to a protected one,
// which shares no cookie with it (TH-37).
//
//	/forward-auth/start?url=…  Park: the request waits here under a handle
//	  -> /.mortise/callback    Bind: this browser gets a nonce, the handle is
//	                           exchanged for one that only this browser knows
//	  -> /forward-auth/start   Issue: the signed-in person gets a ticket, 30 s
//	  -> /.mortise/callback    Redeem: ticket, host and nonce fit, once: a gate
//
// The exchange of the handle keeps a stranger, who could start the journey and
// hand it to a victim half-way, from bringing a ticket of his own to an end in
// the victim's browser.
//
// A Gate is what the cookie on the protected host opens. It is a child of the
// session: it has no life of its own, and every look-up asks for the session.
package ticket
