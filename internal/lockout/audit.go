package lockout

import "github.com/mortise-auth/mortise/internal/audit"

// Locked is recorded once, when an account has collected as many failures as
// strangers may cause without a mailed code (AU-2).
var Locked = audit.Define("account.locked", audit.Warning, "Sign-ins from new devices need a mailed code after many failed attempts")
