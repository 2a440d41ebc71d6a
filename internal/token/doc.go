// Package token owns grants: what a person has let a client do, and the tokens
// handed out for it.
//
// A grant is one row. Its refresh token rotates: each use consumes one
// generation and mints the next, in one conditional statement.
//
//	       Begin           Refresh: consume g, mint g+1
//	nothing -----> living ------------------------------.
//	                | ^                                 |
//	                | '---------------------------------'
//	                '-- theft, rollback, End, idle, expired, account, client or session moved on --> ended, for ever
//
// The row knows the newest generation and the one before. A token names its
// family and generation under a MAC, so that every older one is recognised
// without a row of its own, and one from a commit the database has lost too
// (TH-7). Client, sender and MAC are checked before any state (TH-8).
//
// While the successor of a presented token has never been used, the same proven
// sender gets that very successor again; who proves nothing gets it within a
// window and a budget (TH-5). docs/refresh.md says why. Beside its digest the
// successor lies only as a ciphertext that needs the presented parent and the
// keyring, until it is used (TH-6).
//
// Aliveness is compared at each use (account and its version, client and its
// version, session), so acts that end these need not touch grants (TH-1, TH-3). What is
// asked of sign-ins now is compared at each refresh, and refuses without ending.
// Access tokens are minted from what the same transaction read, and signed after
// its commit. The package knows no HTTP, and leaves it to its caller to
// authenticate clients and to check proofs of possession.
package token
