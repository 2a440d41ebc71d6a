-- Grants, their refresh families, and opaque access tokens.

-- +goose Up

-- What people have let clients do. A row is also the state of its refresh
-- family: the newest generation and the one before it (TH-5 to TH-7), so that a
-- rotation changes one row, and no index of it. The successor is sealed under its
-- parent, which is not here, and gone once it was used (TH-6). Whether account,
-- client and session still are what was proven is compared at each use (TH-1); a
-- client may be gone, so it is no reference.
CREATE TABLE grants (
    id               BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    user_id          BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_version     BIGINT  NOT NULL,
    client_id        TEXT    NOT NULL,
    client_version   BIGINT  NOT NULL,
    session_id       BYTEA   CHECK (length(session_id) = 16), -- NULL: outlives the session
    audiences        TEXT    NOT NULL,                        -- JSON
    scope            TEXT    NOT NULL,
    sender           TEXT    NOT NULL CHECK (sender IN ('none', 'client', 'jkt', 'x5t')),
    sender_key       TEXT    NOT NULL CHECK ((sender_key <> '') = (sender IN ('jkt', 'x5t'))),
    methods          TEXT    NOT NULL,                        -- JSON, RFC 8176 names
    acr              TEXT    NOT NULL,
    authenticated_at BIGINT  NOT NULL,
    created_at       BIGINT  NOT NULL,
    idle_timeout     BIGINT  NOT NULL,                        -- microseconds
    expires_at       BIGINT  NOT NULL,
    lapses_at        BIGINT  NOT NULL,                        -- the earlier of both limits
    access_until     BIGINT  NOT NULL,                        -- when its last access token expires
    rotates          BIGINT  NOT NULL CHECK (rotates IN (0, 1)),
    generation       BIGINT  NOT NULL CHECK (generation >= 0), -- 0: no refresh token
    digest           BYTEA   CHECK (length(digest) = 32),
    parent           BYTEA   CHECK (length(parent) = 32),
    successor        BYTEA,
    rotated_at       BIGINT,
    rotated_from     TEXT    NOT NULL,
    claims           TEXT    NOT NULL,                        -- JSON or empty: the claims parameter
    details          TEXT    NOT NULL,                        -- JSON or empty: authorization_details
    replayed         BIGINT  NOT NULL CHECK (replayed IN (0, 1)),
    replays_in_row   BIGINT  NOT NULL,
    replays          BIGINT  NOT NULL,
    ended_at         BIGINT  CHECK ((ended_at IS NULL) = (cause = '')),
    cause            TEXT    NOT NULL DEFAULT '',
    CHECK (ended_at IS NULL OR successor IS NULL)
) WITH (fillfactor = 70); -- room for the next generation on the same page: no index is touched
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_ended ON grants (ended_at) WHERE ended_at IS NOT NULL;

-- Opaque access tokens. They die with their grant, which is no reference: their
-- own end is near. A token that a program got for itself has no grant, and dies
-- with the versions of its client.
CREATE TABLE access_tokens (
    digest         BYTEA   PRIMARY KEY CHECK (length(digest) = 32),
    id             BYTEA   NOT NULL CHECK (length(id) = 16), -- the claim jti
    grant_id       BYTEA   CHECK ((grant_id IS NULL) = (client_id IS NOT NULL)),
    client_id      TEXT,                                -- whose own it is
    client_version BIGINT ,
    token_version  BIGINT ,
    audiences      TEXT    NOT NULL,                    -- JSON
    scope          TEXT    NOT NULL,
    jkt            TEXT    NOT NULL,
    x5t            TEXT    NOT NULL,
    issued_at      BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL
);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);
