// Package postgres keeps Mortise in a PostgreSQL 15+ database.
//
// It runs statements, retries conflicts, numbers revocations and audit events
// after their commit (TH-2) and notices a restored or failed-over database
// (TH-24); the nouns themselves are in storage/internal/sqlstore. PostgreSQL
// groups commits by itself: there is no batching here, only pipelining, so that
// an act's BEGIN travels with its first statement and its COMMIT with its last.
//
// Nothing depends on LISTEN or on session state, so a transaction-pooling proxy
// may stand between, if the URL says so: default_query_exec_mode=exec (or
// cache_describe, where the proxy knows prepared statements). Behind such a proxy
// choose the schema by ALTER ROLE … SET search_path, and migrate over a direct
// connection.
//
// An act whose connection breaks during COMMIT is answered with
// store.ErrUnavailable and may still have happened; no act half-happens. "Nothing
// answered is lost" holds across a failover only with a synchronous standby (TH-7).
package postgres
