// Package authn turns whatever a request carries into one verify.Identity, or
// into one refusal. A credential that is present and wrong is a refusal, never a
// fall-through to another.
//
// Today the one credential is the session cookie. A warm check is a digest, a
// look-up in a bounded cache and four comparisons: no I/O and no allocation. The
// cache answers only while the process holds a freshness proof; otherwise each
// check reads the store, and a store that does not answer is 503, never a yes
// (TH-11). Refusing for idleness re-reads the row first (TH-21).
package authn
