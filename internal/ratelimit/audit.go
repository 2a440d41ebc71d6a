package ratelimit

import "github.com/mortise-auth/mortise/internal/audit"

// Exceeded is recorded, sampled, when a decision is a refusal (AU-2).
var Exceeded = audit.Define("ratelimit.exceeded", audit.Warning, "")
