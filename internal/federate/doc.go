// Package federate is the flow of signing in with somebody else's account.
//
//	Start -> the browser goes there and comes back -> Finish -> one of
//
//	signin   a link exists           -> Vouched, for the pipeline of package signin
//	         no link, may be created -> account and link in one act, then the same
//	         an account has the address -> Pending: prove that account, then Link
//	link     Pending, which names who it is about: Link, by POST, with a proof
//	stepup   Answer: one proof for one act of one session, opened once by Redeem
//	test     the person as we would keep them; nothing is kept
//
// Start keeps nothing: the attempt is sealed in the browser, and what comes back is
// spent once. A stranger who begins a thousand sign-ins fills no table, and who
// closes the window leaves nothing.
//
// No address makes an account somebody's. A link is keyed by connection, issuer and
// subject, and is made only for an account born here of that very sign-in, or for
// one that was proven for it (TH-40, TH-41). The session is born by package signin,
// with the account's state, its second factor and its limits.
package federate
