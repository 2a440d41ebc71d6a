// Package publish answers followers of the revocation feed.
//
//	acts -> rows -> sequencer -> this process's own follower -> tail in memory
//	                                                               |
//	a poll (cursor, nonce) -> wait for news -> entries of the audience, masked
//	                                        -> signed batch, chained to the last
//
// It owns batches: whom an entry concerns, under which mask, in which chain. It
// refuses cursors it did not make, of another epoch, or older than what is kept:
// never an empty batch in place of what was missed (TH-15). A cursor ahead of the
// store proves that commits were lost, and begins a new epoch (TH-12).
//
// All followers of an audience share one masked tail, fed by the process's one
// poll of the store; only snapshots, and who was away for long, read it again.
// An answer is given only when this process has asked the primary after the poll
// arrived, so that the nonce it signs proves what it says (TH-14).
//
// internal/web/feed is its only caller.
package publish
