-- +goose Up

-- Keys that sign tokens and the revocation feed (JW-42). Of one purpose and
-- algorithm at most one is next and one current, whatever two replicas do at
-- once. Rows stay when their key is gone: a kid is never used again.
CREATE TABLE signing_keys (
    kid        TEXT COLLATE "C" PRIMARY KEY, -- RFC 7638 thumbprint
    purpose    TEXT    NOT NULL CHECK (purpose = 'token' OR purpose = 'feed'),
    algorithm  TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state = 'next' OR state = 'current' OR state = 'retiring' OR state = 'gone'),
    jwk        TEXT    NOT NULL,    -- the public key
    mac        BYTEA   NOT NULL CHECK (octet_length(mac) = 32), -- of purpose, algorithm and jwk: nobody slips one in
    sealed     BYTEA   CHECK ((sealed IS NOT NULL) = (state = 'next' OR state = 'current')), -- erased with its last use
    created_at BIGINT  NOT NULL,    -- published from here on
    due_at     BIGINT  NOT NULL,    -- current at the earliest
    current_at BIGINT,
    retired_at BIGINT,
    gone_at    BIGINT  CHECK ((gone_at IS NOT NULL) = (state = 'gone'))
);
CREATE UNIQUE INDEX signing_keys_next ON signing_keys (purpose, algorithm) WHERE state = 'next';
CREATE UNIQUE INDEX signing_keys_current ON signing_keys (purpose, algorithm) WHERE state = 'current';
CREATE INDEX signing_keys_live ON signing_keys (created_at) WHERE state <> 'gone';
