-- Connections, and the links from their subjects to accounts (see
-- internal/federation). Issuer and subject are kept as octets: they are compared
-- as they were told, and not as text is.

-- +goose Up

CREATE TABLE connections (
    id              BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    name            TEXT COLLATE "C" NOT NULL UNIQUE CHECK (name <> ''),
    label           TEXT    NOT NULL,
    kind            TEXT    NOT NULL,
    enabled         BIGINT  NOT NULL CHECK (enabled IN (0, 1)),
    hidden          BIGINT  NOT NULL CHECK (hidden IN (0, 1)),
    organization_id BYTEA   REFERENCES organizations (id) ON DELETE CASCADE, -- NULL: of the instance
    settings        TEXT    NOT NULL, -- JSON
    secret          BYTEA,             -- sealed
    managed_by      TEXT    NOT NULL,
    version         BIGINT  NOT NULL CHECK (version > 0),
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL
);
CREATE INDEX connections_by_organization ON connections (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX connections_shown ON connections (name) WHERE enabled = 1 AND hidden = 0 AND organization_id IS NULL;

-- TH-40: the key is the connection's id, never its name.
CREATE TABLE links (
    id            BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    connection_id BYTEA   NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    issuer        BYTEA   NOT NULL CHECK (length(issuer) BETWEEN 1 AND 1024),
    subject       BYTEA   NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    user_id       BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    email         TEXT    NOT NULL,
    verified      BIGINT  NOT NULL CHECK (verified IN (0, 1)),
    session       BYTEA   CHECK (length(session) BETWEEN 1 AND 255), -- over there
    tokens        BYTEA,   -- sealed
    created_at    BIGINT  NOT NULL,
    used_at       BIGINT,
    UNIQUE (connection_id, issuer, subject)
);
CREATE INDEX links_by_user ON links (user_id, created_at);
CREATE INDEX links_by_session ON links (connection_id, session) WHERE session IS NOT NULL;

-- Attempts that came back: what is here does not come back again.
CREATE TABLE federation_attempts (
    digest     BYTEA   PRIMARY KEY CHECK (length(digest) = 32),
    kept_until BIGINT  NOT NULL
);
CREATE INDEX federation_attempts_by_time ON federation_attempts (kept_until);
