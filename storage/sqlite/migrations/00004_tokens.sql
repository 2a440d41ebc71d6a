-- Grants, their refresh families, and opaque access tokens.

-- +goose Up

-- What people have let clients do. A row is also the state of its refresh
-- family: the newest generation and the one before it (TH-5 to TH-7), so that a
-- rotation changes one row, and no index of it. The successor is sealed under its
-- parent, which is not here, and gone once it was used (TH-6). Whether account,
-- client and session still are what was proven is compared at each use (TH-1); a
-- client may be gone, so it is no reference.
CREATE TABLE grants (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id          BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_version     INTEGER NOT NULL,
    client_id        TEXT    NOT NULL,
    client_version   INTEGER NOT NULL,
    session_id       BLOB    CHECK (length(session_id) = 16), -- NULL: outlives the session
    audiences        TEXT    NOT NULL,                        -- JSON
    scope            TEXT    NOT NULL,
    sender           TEXT    NOT NULL CHECK (sender = 'none' OR sender = 'client' OR sender = 'jkt' OR sender = 'x5t'),
    sender_key       TEXT    NOT NULL CHECK ((sender_key <> '') = (sender = 'jkt' OR sender = 'x5t')),
    methods          TEXT    NOT NULL,                        -- JSON, RFC 8176 names
    acr              TEXT    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    idle_timeout     INTEGER NOT NULL,                        -- microseconds
    expires_at       INTEGER NOT NULL,
    lapses_at        INTEGER NOT NULL,                        -- the earlier of both limits
    access_until     INTEGER NOT NULL,                        -- when its last access token expires
    rotates          INTEGER NOT NULL CHECK (rotates IN (0, 1)),
    generation       INTEGER NOT NULL CHECK (generation >= 0), -- 0: no refresh token
    digest           BLOB    CHECK (length(digest) = 32),
    parent           BLOB    CHECK (length(parent) = 32),
    successor        BLOB,
    rotated_at       INTEGER,
    rotated_from     TEXT    NOT NULL,
    claims           TEXT    NOT NULL,                        -- JSON or empty: the claims parameter
    details          TEXT    NOT NULL,                        -- JSON or empty: authorization_details
    replayed         INTEGER NOT NULL CHECK (replayed IN (0, 1)),
    replays_in_row   INTEGER NOT NULL,
    replays          INTEGER NOT NULL,
    ended_at         INTEGER CHECK ((ended_at IS NULL) = (cause = '')),
    cause            TEXT    NOT NULL DEFAULT '',
    CHECK (ended_at IS NULL OR successor IS NULL)
) STRICT;
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_ended ON grants (ended_at) WHERE ended_at IS NOT NULL;

-- Opaque access tokens. They die with their grant, which is no reference: their
-- own end is near. A token that a program got for itself has no grant, and dies
-- with the versions of its client.
CREATE TABLE access_tokens (
    digest         BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    id             BLOB    NOT NULL CHECK (length(id) = 16), -- the claim jti
    grant_id       BLOB    CHECK ((grant_id IS NULL) = (client_id IS NOT NULL)),
    client_id      TEXT,                                -- whose own it is
    client_version INTEGER,
    token_version  INTEGER,
    audiences      TEXT    NOT NULL,                    -- JSON
    scope          TEXT    NOT NULL,
    jkt            TEXT    NOT NULL,
    x5t            TEXT    NOT NULL,
    issued_at      INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
