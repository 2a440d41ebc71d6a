// Package dev is the pages that exist only in development (TH-29): the mailbox,
// and the entry as one of the demo people. The app makes its surface only when
// development was asked for by name.
//
// Entering needs the code printed on the terminal, once per browser; then it goes
// through the ordinary sign-in flow. It refuses to know passwords: whoever wires
// it supplies the sign-in of a demo person.
package dev
