-- Connections, and the links from their subjects to accounts (see
-- internal/federation). Issuer and subject are kept as octets: they are compared
-- as they were told, and not as text is.

-- +goose Up

CREATE TABLE connections (
    id              BLOB    PRIMARY KEY CHECK (length(id) = 16),
    name            TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    label           TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    hidden          INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    organization_id BLOB    REFERENCES organizations (id) ON DELETE CASCADE, -- NULL: of the instance
    settings        TEXT    NOT NULL, -- JSON
    secret          BLOB,             -- sealed
    managed_by      TEXT    NOT NULL,
    version         INTEGER NOT NULL CHECK (version > 0),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX connections_by_organization ON connections (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX connections_shown ON connections (name) WHERE enabled = 1 AND hidden = 0 AND organization_id IS NULL;

-- TH-40: the key is the connection's id, never its name.
CREATE TABLE links (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
    connection_id BLOB    NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    issuer        BLOB    NOT NULL CHECK (length(issuer) BETWEEN 1 AND 1024),
    subject       BLOB    NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    user_id       BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email         TEXT    NOT NULL,
    verified      INTEGER NOT NULL CHECK (verified IN (0, 1)),
    session       BLOB    CHECK (length(session) BETWEEN 1 AND 255), -- over there
    tokens        BLOB,   -- sealed
    created_at    INTEGER NOT NULL,
    used_at       INTEGER,
    UNIQUE (connection_id, issuer, subject)
) STRICT;
CREATE INDEX links_by_user ON links (user_id, created_at);
CREATE INDEX links_by_session ON links (connection_id, session) WHERE session IS NOT NULL;

-- Attempts that came back: what is here does not come back again.
CREATE TABLE federation_attempts (
    digest     BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX federation_attempts_by_time ON federation_attempts (kept_until);
