// Package reclaim owns claims: the ways back into an account whose factors are
// lost (NIST SP 800-63B-4, account recovery).
//
//	waiting  begun by who reads the account's mail; due after a waiting time
//	reset    asked for by one administrator and approved by another; due at once
//	link     made on the host; due at once
//
//	live --(due, with the mailed secret and a new factor)--> completed
//	  |---(a proof as strong as the result)----------------> stopped
//	  |---(an administrator)-------------------------------> denied
//	  '---(nobody came)------------------------------------> lapsed
//
// An account has one live claim at most. While it lives, no address joins, leaves
// or becomes the primary one (TH-43). A claim is completed by one conditional
// write, which forgets the lost factors; what takes their place is never worth
// less, and is the flow's to see to (package rescue). A weaker objection than a
// proof as strong as the result delays a claim, once.
//
// It knows nothing of recovery codes: those are package recovery.
package reclaim
