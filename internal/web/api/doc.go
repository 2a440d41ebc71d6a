// Package api is the JSON surface: the flows of the pages for programs, the
// administration, and the document that describes both.
//
//	body -> application/json? size? UTF-8? depth? -> members known, once, of the
//	right type -> account's limit -> idempotency key -> one flow call -> JSON
//
// Every endpoint is one line of a table: method, path, access, and the Go types
// of request and answer. The mux, the strict decoder and /openapi.json all read
// that table, so none can say something that another does not do.
//
// The package refuses what it does not understand: unknown members and query
// parameters are named, never ignored. Errors are problem documents (RFC 9457).
// It shares nothing with other origins, and no secret ever stands in a URL.
package api
