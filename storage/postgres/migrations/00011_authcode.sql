-- Authorization codes.

-- +goose Up

-- What a person's browser carries to a client: bound to all that was decided
-- (OA-15), good for a minute and one use, and remembered for a day, so that a
-- replay is known as one (OA-16). Its digest begins with the time, so rows that
-- come together lie together.
CREATE TABLE codes (
    digest           BYTEA   PRIMARY KEY CHECK (length(digest) = 32),
    client_id        TEXT    NOT NULL,
    client_version   BIGINT  NOT NULL,
    user_id          BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_version     BIGINT  NOT NULL,
    session_id       BYTEA   NOT NULL CHECK (length(session_id) = 16),
    redirect_uri     TEXT    NOT NULL,
    redirect_given   BIGINT  NOT NULL CHECK (redirect_given IN (0, 1)),
    challenge        TEXT    NOT NULL, -- S256; empty: the client needs none
    nonce            TEXT    NOT NULL,
    scope            TEXT    NOT NULL,
    audiences        TEXT    NOT NULL, -- JSON
    jkt              TEXT    NOT NULL,
    methods          TEXT    NOT NULL, -- JSON, RFC 8176 names
    acr              TEXT    NOT NULL,
    authenticated_at BIGINT  NOT NULL,
    claims           TEXT    NOT NULL, -- JSON or empty
    details          TEXT    NOT NULL, -- JSON or empty
    offline          BIGINT  NOT NULL CHECK (offline IN (0, 1)),
    created_at       BIGINT  NOT NULL,
    expires_at       BIGINT  NOT NULL,
    redeemed_at      BIGINT  CHECK ((redeemed_at IS NULL) = (grant_id IS NULL)),
    grant_id         BYTEA   CHECK (length(grant_id) = 16)
);
CREATE INDEX codes_by_user ON codes (user_id);
CREATE INDEX codes_by_expiry ON codes (expires_at);
