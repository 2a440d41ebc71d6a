package feed

import "errors"

// Errors of Open and Chain.Take. After ErrGap the follower asks for a snapshot;
// after any of them the batch is as if it had not come.
var (
	// ErrMalformed: signed by the right key, but not a batch.
	ErrMalformed = errors.New("feed: malformed batch")
	// ErrForeign: a batch of another issuer or for another audience.
	ErrForeign = errors.New("feed: batch of another issuer or audience")
	// ErrReplayed: the batch does not answer the question asked (TH-14).
	ErrReplayed = errors.New("feed: batch answers another question")
	// ErrGap: the batch does not follow what was taken before: another epoch, a
	// range that is missing or told twice, or a fork of the chain (TH-12, TH-14).
	ErrGap = errors.New("feed: batch does not follow the one before")
)
