// Package mail tells people what happened and hands them codes and links.
//
// A flow makes a Message; Outbox.Queue renders it there and then in the person's
// language, seals the finished Letter and returns the row that the flow enqueues
// in its own transaction. The payload is final: what is sent an hour later is what
// was true when it was written. The Worker claims due rows under a lease, opens
// them and gives them to a Sender: SMTP, or the Mailbox of development and tests.
//
//	flow ── Queue ──> row (sealed) ── commit ── Wake ──> Worker ── Sender
//	                                              ├─ sent
//	                                              ├─ retry, later and later, for three days
//	                                              └─ dead: refused for good, too old, or no longer of use
//
// Delivery is at least once. A row keeps its id, and the Message-ID and Date are
// made from it, so a second copy is recognisable as one.
//
// Links are made of the configured origin and a path, never of a host somebody
// sent (PW-32). No link signs anybody in. Every notice says when, with what and
// from where, and how to object (AU-60). Mail for reserved test domains never
// leaves the process through SMTP.
//
// Callers are the flows (through narrow interfaces), app and mortisetest. Whether
// an address is well-formed is decided by package user.
package mail
