// Package user owns accounts: who somebody is here, the e-mail addresses that
// name them, and whether the account may act.
//
// An account is active, suspended or waiting to be deleted. Its Version is
// raised by every act that must end what was born of it: a ban, a deletion, a
// password change, "end all sessions". Whatever is born of an account carries
// the version it was proven against and is worthless once the account has moved
// on (TH-1, TH-3). Addresses are unique by their normalised Key over all
// accounts; a person's own address only becomes a row here once it is verified.
//
// The package refuses malformed addresses and names, states that do not follow
// from each other, and the removal of the last address. It knows neither HTTP
// nor SQL. Caller is the explicit "who asks, from where" that every flow takes.
package user
