-- Passkeys (see internal/passkey).

-- +goose Up

CREATE TABLE passkeys (
    id              BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential      BLOB    NOT NULL UNIQUE CHECK (length(credential) BETWEEN 1 AND 1023),
    public_key      BLOB    NOT NULL, -- COSE
    algorithm       INTEGER NOT NULL, -- COSE
    rp_id           TEXT    NOT NULL,
    model           BLOB    NOT NULL CHECK (length(model) = 16), -- AAGUID
    transports      TEXT    NOT NULL, -- JSON
    attestation     TEXT    NOT NULL,
    attested        INTEGER NOT NULL CHECK (attested IN (0, 1)),
    discoverable    INTEGER NOT NULL CHECK (discoverable IN (0, 1)),
    backup_eligible INTEGER NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up       INTEGER NOT NULL CHECK (backed_up IN (0, 1) AND backed_up <= backup_eligible),
    sign_count      INTEGER NOT NULL CHECK (sign_count >= 0),
    name            TEXT    NOT NULL,
    suspect_at      INTEGER,
    created_at      INTEGER NOT NULL,
    used_at         INTEGER
) STRICT;
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);
CREATE INDEX passkeys_by_domain ON passkeys (rp_id);

-- Challenges that were answered: what is here is not taken again (PW-60).
CREATE TABLE passkey_challenges (
    digest     BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_challenges_by_time ON passkey_challenges (kept_until);
