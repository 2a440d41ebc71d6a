// Package geo names the rough place of an address from a database file that the
// operator supplies, in MaxMind's MMDB format. Nothing is asked of the network,
// and nothing is downloaded.
//
// A place is for people to recognise their own sessions by; no decision is ever
// made from it. The command opens the file; a program that uses Mortise as a
// library links none of this unless it does the same.
package geo
