-- The gateway: protected hosts, requests that wait for a sign-in, and the gates
-- that sessions have into those hosts (TH-37).

-- +goose Up

CREATE TABLE sites (
    host       TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT    NOT NULL,
    audience   TEXT    NOT NULL, -- of the signed identity; '' sends none
    personal   BIGINT NOT NULL CHECK (personal IN (0, 1)),
    rules      TEXT    NOT NULL, -- JSON, in order
    managed_by TEXT    NOT NULL,
    revision   BIGINT NOT NULL CHECK (revision > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- A row is spent once. handle changes when the browser's nonce is bound.
CREATE TABLE parked (
    handle       BYTEA    PRIMARY KEY CHECK (length(handle) = 32),
    host         TEXT    NOT NULL,
    url          TEXT    NOT NULL,
    nonce        BYTEA    CHECK (length(nonce) = 32),
    ticket       BYTEA    UNIQUE CHECK (length(ticket) = 32),
    ticket_until BIGINT,
    session_id   BYTEA    CHECK (length(session_id) = 16),
    user_id      BYTEA    CHECK (length(user_id) = 16),
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX parked_by_expiry ON parked (expires_at);

-- Children of sessions: they go with them and prove nothing without them.
CREATE TABLE gates (
    digest     BYTEA    PRIMARY KEY CHECK (length(digest) = 32),
    host       TEXT    NOT NULL,
    session_id BYTEA    NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    user_id    BYTEA    NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX gates_by_session ON gates (session_id, host);
