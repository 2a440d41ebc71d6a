// Package lockout makes guessing slow and short without locking anybody out.
//
// Every guess is reserved in memory before its hash is computed and settled
// afterwards, so that guesses made at once are counted at once (TH-33):
//
//	Reserve ─▶ wrong, or right but unfinished ─▶ Fail     counted, durable with its event
//	        ─▶ complete sign-in               ─▶ Confirm  in the session's transaction; Done after it
//	        ─▶ never judged                   ─▶ Release  as if it had not been
//
// Three things may stand against a guess.
//
// A wait grows with the failures of one account from one source: the first
// three are free, then 1 s doubling to 15 minutes. An account that many sources
// guess at makes each source wait a little too, at most 30 s. That wait belongs
// to the pair: whoever has waited is let in whatever others did meanwhile, so
// an attacker can delay the owner by 30 s and can never take their turn
// (PW-21). Waits are answers (ErrWait), never sleeping connections.
//
// A mailed code is needed by strangers once 100 guesses in a row have failed
// (PW-20, NIST SP 800-63B-4 section 3.2.2). That count is durable and shared.
// Guesses of several replicas that cross the line together are answered with
// ErrCodeNeeded after the fact, so that no more than 100 results ever leave.
//
// A known device, one that completed a sign-in to this account before, passes
// both, for 10 failures of its own; they count for the account too.
//
// # Known and unknown
//
// An identifier that no account has is treated by the same code over the same
// tables (PW-25): it waits alike and comes to need a code after as many
// failures. Waits come from memory only, for both, so that a restart or another
// replica makes no difference between them. One difference remains: the count
// towards the code is kept in memory for the unknown, because storage for
// whatever strangers type would have no bound; telling the two apart by it
// takes 100 failures and a restart or a second replica.
//
// # Memory
//
// Tables are fixed; a hash keyed in each process picks the set of eight that an
// entry competes in, and the one with the fewest failures gives way. Being
// forgotten earns a guesser at most three guesses without a wait, within the
// same hundred.
package lockout
