// Package challenge keeps half-done sign-ins: one factor of an account was
// proven, another is asked for.
//
// A Challenge is no session and opens nothing. It is spent once, lives ten
// minutes, allows five tries, and belongs to whoever holds the secret of its
// flow (TH-34). It carries the versions of account and password that were proven,
// so that whatever changed meanwhile wins (TH-1). The caller is package signin.
package challenge
