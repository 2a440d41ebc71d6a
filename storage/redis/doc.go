// Package redis shares between replicas what may be lost: the counters of limits
// and wake-ups. It is never the truth: sessions, tokens and single-use facts stay
// in the store (TH-27).
//
// A decision about several keys is one round trip: a script weighs all of them
// and charges all or none, on the server's clock, so that replicas agree. Keys
// are keyed hashes; the server learns neither addresses nor accounts. Limits
// that guard a process rather than a secret are counted by each process.
//
// When the server does not answer within Patience, the process counts by itself
// at each limit divided by the number of replicas last seen, and asks again a
// second later. A wake-up only makes a poll come sooner; it proves nothing.
package redis
