// Package egress is the only outbound HTTP client.
//
// Addresses in requests come from people: webhooks, logos, keys of clients. So
// every connection is checked against the address it is really made to, after
// the name was resolved, which leaves nothing to a name that resolves otherwise
// the second time. Only globally routable addresses over https are reached,
// unless the operator named the target (MORTISE_EGRESS_ALLOW). Answers are
// bounded in size and time, redirects stay on their host and are off unless
// asked for, no proxy is taken from the environment, and a host that keeps
// failing is left alone for a while.
//
// The package speaks HTTP by nature. It is safe for concurrent use.
package egress
