-- The gateway: protected hosts, requests that wait for a sign-in, and the gates
-- that sessions have into those hosts (TH-37).

-- +goose Up

CREATE TABLE sites (
    host       TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    audience   TEXT    NOT NULL, -- of the signed identity; '' sends none
    personal   INTEGER NOT NULL CHECK (personal IN (0, 1)),
    rules      TEXT    NOT NULL, -- JSON, in order
    managed_by TEXT    NOT NULL,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- A row is spent once. handle changes when the browser's nonce is bound.
CREATE TABLE parked (
    handle       BLOB    PRIMARY KEY CHECK (length(handle) = 32),
    host         TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    nonce        BLOB    CHECK (length(nonce) = 32),
    ticket       BLOB    UNIQUE CHECK (length(ticket) = 32),
    ticket_until INTEGER,
    session_id   BLOB    CHECK (length(session_id) = 16),
    user_id      BLOB    CHECK (length(user_id) = 16),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_by_expiry ON parked (expires_at);

-- Children of sessions: they go with them and prove nothing without them.
CREATE TABLE gates (
    digest     BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    host       TEXT    NOT NULL,
    session_id BLOB    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gates_by_session ON gates (session_id, host);
