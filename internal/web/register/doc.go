// Package register is the surface of dynamic client registration: /oauth2/register
// (RFC 7591) and the client configuration endpoint below it (RFC 7592). It reads
// JSON and bearer tokens, calls package enroll, and answers in the form of those
// standards.
//
// Nothing here reads a cookie. While anybody may register, pages of any origin may
// read the answers; else none may.
package register
