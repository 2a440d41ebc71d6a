// Package session owns signed-in sessions: a 256-bit secret in a cookie, its
// digest and what was proven at rest, and a bounded cache in front that costs a
// warm check no I/O.
//
//	        Insert                    Rotate (new secret, same id)
//	nothing ------> live -----------------------------.
//	                 | ^                              |
//	                 | '------------------------------'
//	                 '-- End, EndAll, idle, absolute, account moved on --> ended, for ever
//
// A session is born only in the sign-in flow. Its row carries the account version
// it was proven against, and it is worth nothing once the account has another
// (TH-1, TH-3). Two limits end it, both kept by the server: idle and absolute
// (SE-20). Once expired is ended in the store (TH-4). The cache answers only with
// a freshness proof and forgets what an event names before that event's act is
// acknowledged (TH-10, TH-11).
package session
