// Package signing keeps the keys that sign tokens and the revocation feed.
//
// A key has one Use and one algorithm for life. It is published first (Next),
// signs when every verifier has had time to fetch it (Current), verifies until
// the last token it signed is over (Retiring), and is then forgotten (Gone):
//
//	Next ── due, and published for Schedule.Publish ──▶ Current
//	Current ── its successor became current ──▶ Retiring, private part erased
//	Retiring ── longest life + cache time later ──▶ Gone
//
// Every step is one conditional statement in the store, so replicas that step at
// once end with one result (JW-43). Keys for tokens never sign the feed nor it
// them (TH-19). Private keys are sealed in the store, and what is published of
// them is authenticated there: whoever can write the database but holds no master
// key can neither read a key nor slip one in (JW-44).
//
// A Ring is one process's view of the keys. It re-reads the store every few
// seconds while Run runs, and before it signs when it has not looked for Lag.
// The package refuses to sign with a key of another use, to shorten the time a
// key is published before it signs except in an emergency, and to step while the
// caller's clock is in doubt: Advance belongs behind clock.Guard (TH-4).
package signing
