// Package recent keeps in memory what was used lately, so that it need not be read
// again. It bounds how much that is, and nothing else: it is told of no change, so it
// serves only where what is kept never changes, or where whoever relies on it has
// somebody else see to it that it is still true, in the transaction of what comes of
// it. No audit event is written and no stranger learns anything: what was kept and
// what was read answer alike.
package recent
