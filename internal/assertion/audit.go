package assertion

import "github.com/mortise-auth/mortise/internal/audit"

// Replayed: an assertion of a client came a second time. Either the client makes
// one and uses it twice, or somebody read it on its way.
var Replayed = audit.Define("client.assertion_replayed", audit.Warning, "")
