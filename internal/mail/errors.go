package mail

import "errors"

var (
	// ErrIncomplete: a Message lacks what its template needs, or its path is
	// no path. A fault of the caller, never of the person.
	ErrIncomplete = errors.New("mail: message cannot be rendered")
	// ErrPermanent: this letter will never be accepted; do not try again.
	ErrPermanent = errors.New("mail: refused for good")
	// ErrReserved: the address lies in a domain reserved for tests and examples.
	// It is also ErrPermanent.
	ErrReserved = errors.New("mail: reserved test domain, never sent")
	// ErrURL: the SMTP address cannot be used. The text says why and how to
	// write it, and never contains the password.
	ErrURL = errors.New("mail: SMTP URL")
	// ErrNoServer: there is no mail server yet; the letter waits.
	ErrNoServer = errors.New("mail: no mail server configured")
)
