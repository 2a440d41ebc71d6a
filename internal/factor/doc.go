// Package factor is the flow of an account's second factors: set up, name, remove,
// and the recovery codes that come with the first one.
//
// Setting up, removing and making codes need a proof given for that act: every step
// that a sign-in of the account would need, whatever the session is worth (TH-36,
// PW-46). Every verified address is told. Removing for somebody else is the host's
// alone: no administrator resets another's factor by themselves (TH-42).
package factor
