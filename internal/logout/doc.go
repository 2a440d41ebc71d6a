// Package logout tells clients that a session of theirs has ended (OpenID Connect
// Back-Channel Logout 1.0).
//
// A client takes part in a session from the first ID token it is given there:
// whoever mints one calls Join in the same transaction. Nobody calls anything when
// a session ends. What ended is read from the state of the sessions themselves, so
// it does not matter how they ended: by their owner, an administrator, a new
// password, suspension, deletion, time, the limit of sessions or a restored backup.
//
//	participant ── its session is over ──> delivery ── 200, 204 ──> delivered
//	                (Harvest, one act)        │  ↑
//	                                          │  └─ anything else: later and later, for a day
//	                                          └──── then, or with nobody to tell: dead
//
// A Worker harvests and delivers. Every replica runs one; a delivery is held under
// a lease, so it is sent once, and again only if whoever held it died or could not
// write down what became of it. The second copy has the same jti. The token is
// signed when it is sent, because it lives two minutes.
//
// The package makes no connections: it is given a Sender. It knows nothing of
// sessions but their ids, and of clients but where they want to be told.
package logout
