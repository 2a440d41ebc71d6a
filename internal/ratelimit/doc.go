// Package ratelimit decides how often something may be done.
//
// Limits are data: a name, one emission interval and a burst, enforced by GCRA
// (the generic cell rate algorithm), which keeps one number per key: the
// theoretical arrival time. One decision weighs several keys together, for
// example the source network, the account and the pair of both; either all of
// them are charged or none. There is no limit without a key, so nobody can use
// up everybody's share (PW-22); overload is the business of the hash gate.
//
// # Bounded memory, and why eviction does not help an attacker
//
// Every limit owns a fixed table of small sets; a keyed hash, different in each
// process, picks the set, so nobody can choose whom they meet there. A full set
// gives up the entry that is nearest to being idle: the one that would have been
// forgotten soonest anyway. A flood of fresh keys therefore displaces fresh keys
// and leaves the exhausted ones alone. To be forgotten early an attacker would
// need a whole set of other keys, each charged more than their own, without
// knowing which keys those are: they pay more than they gain. Newcomers do not
// inherit the charge of those they displace, because that would turn a flood
// into a global limit. A flood on one limit cannot displace entries of another.
//
// Time is monotonic (TH-4): a wall clock that jumps neither refills nor freezes.
package ratelimit
