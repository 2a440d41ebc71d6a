// Package decision remembers why requests were refused, so that a person can read
// a short code to an administrator who then sees the reason.
//
// A refusal that is worth explaining gets a code such as 4KD-9TX. Its Record holds
// what was checked, in order, what was wanted and what was found, and the private
// cause that the answer did not tell. Only administrators and the host read it; the
// code alone tells nothing and opens nothing.
//
// Explaining must never cost more than refusing. Records are kept in memory and
// written together once a second; a source and the process each have a budget, and
// a refusal beyond it has no code. Records live for Keep, and the oldest go first
// when there are more than Most.
package decision
