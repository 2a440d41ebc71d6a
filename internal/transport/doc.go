// Package transport is the wire under the pages and the API: listeners, HTTP
// servers with limits, TLS with certificates from files or by ACME, the step
// from http to https, and a drain that loses nothing.
//
// It is HTTP by nature and knows nothing of what is served. It refuses plain
// http on an address that others can reach (ErrPlainHTTP) unless told, and it
// refuses to swap a working certificate for a broken one. Only this package
// imports autocert.
package transport
