// Package clientaddr says who is really asking: address, scheme and host.
//
// They are those of the connection, unless the peer is a proxy the operator
// named (SE-50). Then forwarding headers are read from the right, the side
// that trusted proxies write, up to the first address that is not one of them
// (PW-24). What stands further left is whatever the client made up.
//
// A proxy writes X-Forwarded-For and passes on a Forwarded header that a client
// sent, or the other way round. Reading both would let clients choose, so a
// proxy is believed in one of them: X-Forwarded-* unless the operator wrote
// forwarded= before its network. A header that cannot be read ends the search at
// the proxy that sent it: the client is then counted as that proxy.
//
// The package knows no HTTP types, so that it can be used and fuzzed without a
// server. Absolute URLs are never built from what it returns.
package clientaddr
