package authorize

import "github.com/mortise-auth/mortise/internal/audit"

// Refused is a request that may be an attack: an address that is not the
// client's, another browser's request, another client's request_uri (AU-10).
var Refused = audit.Define("authorization.refused", audit.Warning, "")
