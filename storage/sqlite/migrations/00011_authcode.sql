-- Authorization codes.

-- +goose Up

-- What a person's browser carries to a client: bound to all that was decided
-- (OA-15), good for a minute and one use, and remembered for a day, so that a
-- replay is known as one (OA-16). Its digest begins with the time, so rows that
-- come together lie together.
CREATE TABLE codes (
    digest           BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    client_id        TEXT    NOT NULL,
    client_version   INTEGER NOT NULL,
    user_id          BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_version     INTEGER NOT NULL,
    session_id       BLOB    NOT NULL CHECK (length(session_id) = 16),
    redirect_uri     TEXT    NOT NULL,
    redirect_given   INTEGER NOT NULL CHECK (redirect_given IN (0, 1)),
    challenge        TEXT    NOT NULL, -- S256; empty: the client needs none
    nonce            TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    audiences        TEXT    NOT NULL, -- JSON
    jkt              TEXT    NOT NULL,
    methods          TEXT    NOT NULL, -- JSON, RFC 8176 names
    acr              TEXT    NOT NULL,
    authenticated_at INTEGER NOT NULL,
    claims           TEXT    NOT NULL, -- JSON or empty
    details          TEXT    NOT NULL, -- JSON or empty
    offline          INTEGER NOT NULL CHECK (offline IN (0, 1)),
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    redeemed_at      INTEGER CHECK ((redeemed_at IS NULL) = (grant_id IS NULL)),
    grant_id         BLOB    CHECK (length(grant_id) = 16)
) STRICT;
CREATE INDEX codes_by_user ON codes (user_id);
CREATE INDEX codes_by_expiry ON codes (expires_at);
