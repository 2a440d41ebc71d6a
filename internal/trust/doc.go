// Package trust owns remembered devices: browsers on which somebody took the second
// step and said that it need not be asked there again for a while.
//
// A remembered device proves nothing (see docs/decisions): it only lets a sign-in
// pass that the instance's own policy would ask more of. It is a secret in a cookie
// of that browser, its digest at rest, for one account, as account, password and
// policy were when it was remembered: whatever changes them ends it, and so does
// every change of the account's factors or of its links to services (TH-1).
package trust
