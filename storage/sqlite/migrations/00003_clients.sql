-- Clients, and what they may ask for.
--
-- Lifetimes are seconds, 0 for what somebody else decides. Secrets are MACs
-- under a key that is not here. Lists are JSON; a name in one is found as it is
-- written there, with its quotes.

-- +goose Up

-- What a token lets its bearer do. Those of OpenID Connect are built in and not kept.
CREATE TABLE scopes (
    name        TEXT    PRIMARY KEY,
    description TEXT    NOT NULL,
    managed_by  TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

-- The APIs that take tokens (RFC 8707).
CREATE TABLE resources (
    identifier            TEXT    PRIMARY KEY,
    name                  TEXT    NOT NULL,
    scopes                TEXT    NOT NULL,
    access_token_format   TEXT    NOT NULL CHECK (access_token_format = 'jwt' OR access_token_format = 'opaque'),
    access_token_lifetime INTEGER NOT NULL CHECK (access_token_lifetime BETWEEN 300 AND 900),
    algorithm             TEXT    NOT NULL,
    verifiers             TEXT    NOT NULL, -- client_ids
    managed_by            TEXT    NOT NULL,
    revision              INTEGER NOT NULL CHECK (revision > 0),
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
) STRICT;

-- Programs. version counts the acts after which everything minted before is
-- dead (TH-3); revision counts every change but a use.
CREATE TABLE clients (
    client_id                TEXT    PRIMARY KEY,
    name                     TEXT    NOT NULL,
    type                     TEXT    NOT NULL CHECK (type = 'web' OR type = 'native'),
    auth_method              TEXT    NOT NULL,
    profile                  TEXT    NOT NULL CHECK (profile = 'oauth2.1' OR profile = 'fapi2'),
    grant_types              TEXT    NOT NULL,
    response_types           TEXT    NOT NULL,
    scopes                   TEXT    NOT NULL,
    resources                TEXT    NOT NULL,
    redirect_uris            TEXT    NOT NULL,
    post_logout_uris         TEXT    NOT NULL,
    backchannel_logout_uri   TEXT    NOT NULL,
    origins                  TEXT    NOT NULL,
    id_token_alg             TEXT    NOT NULL,
    first_party              INTEGER NOT NULL CHECK (first_party IN (0, 1)),
    access_token_format      TEXT    NOT NULL CHECK (access_token_format = '' OR access_token_format = 'jwt' OR access_token_format = 'opaque'),
    access_token_lifetime    INTEGER NOT NULL CHECK (access_token_lifetime = 0 OR access_token_lifetime BETWEEN 300 AND 900),
    refresh_idle             INTEGER NOT NULL CHECK (refresh_idle > 0),
    refresh_life             INTEGER NOT NULL CHECK (refresh_life >= refresh_idle),
    metadata                 TEXT    NOT NULL, -- a JSON object of registered names
    secret                   BLOB    CHECK (length(secret) = 32),
    secret_created_at        INTEGER,
    former_secret            BLOB    CHECK (length(former_secret) = 32),
    former_secret_expires_at INTEGER CHECK ((former_secret_expires_at IS NULL) = (former_secret IS NULL)),
    version                  INTEGER NOT NULL CHECK (version > 0),
    token_version            INTEGER NOT NULL DEFAULT 1, -- of the tokens it got for itself: see users
    disabled                 INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    managed_by               TEXT    NOT NULL,
    revision                 INTEGER NOT NULL CHECK (revision > 0),
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    last_used_at             INTEGER
) STRICT;

-- The versions of clients that are gone: one that gets the name again starts there.
CREATE TABLE former_clients (
    client_id TEXT    PRIMARY KEY,
    version   INTEGER NOT NULL
) STRICT;
