// Package signin is the flow that ends in a session, and the only place where a
// session is born.
//
//	limits -> who is meant -> lock-out -> method.Finish -> account state
//	       -> enough guesses for a stranger? -- no --> a mailed code, then again from here
//	       -> second factor asked? -- yes --> a challenge; Continue: its own limits,
//	                               |          second.Finish, then the same birth
//	                               '- no --> session, cleared lock-out, notice: one transaction
//
// Limits, lock-out, account state, birth and audit belong to this pipeline; a
// Method only answers whether a response proves the account, in the same time
// whether or not there is one (PW-16, PW-25). Whatever goes wrong before the
// session, the answer is ErrWrong; the log has the true reason.
//
// Who enters by a passkey may be recalled from memory: the birth then demands that the
// account still has the revision that is remembered (recall.go).
//
// A method learns nothing of HTTP, and adding one touches nothing here but the
// list in app.
package signin
