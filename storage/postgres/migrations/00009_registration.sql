-- Programs that register themselves (RFC 7591, RFC 7592, Client ID Metadata
-- Documents), and the tokens that let them.

-- +goose Up

-- Initial access tokens. A use is spent by the act that makes a client.
CREATE TABLE initial_tokens (
    id         BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT    NOT NULL,
    digest     BYTEA   NOT NULL UNIQUE CHECK (length(digest) = 32),
    policy     TEXT    NOT NULL, -- JSON
    uses       BIGINT  NOT NULL CHECK (uses BETWEEN 0 AND max_uses),
    max_uses   BIGINT  NOT NULL CHECK (max_uses > 0),
    created_at BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);
CREATE INDEX initial_tokens_by_expiry ON initial_tokens (expires_at);

-- One row for each client that registered itself. The initial token may be gone,
-- so it is no reference.
CREATE TABLE registrations (
    client_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES clients (client_id) ON DELETE CASCADE,
    source     TEXT    NOT NULL CHECK (source IN ('dynamic', 'document')),
    digest     BYTEA   UNIQUE CHECK (length(digest) = 32), -- of the registration access token
    initial_id BYTEA   CHECK (length(initial_id) = 16),
    policy     TEXT    NOT NULL, -- JSON
    created_at BIGINT  NOT NULL
);
CREATE INDEX registrations_by_age ON registrations (created_at) WHERE initial_id IS NULL;
