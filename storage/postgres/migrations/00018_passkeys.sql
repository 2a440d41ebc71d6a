-- Passkeys (see internal/passkey).

-- +goose Up

CREATE TABLE passkeys (
    id              BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    user_id         BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    credential      BYTEA   NOT NULL UNIQUE CHECK (length(credential) BETWEEN 1 AND 1023),
    public_key      BYTEA   NOT NULL, -- COSE
    algorithm       BIGINT  NOT NULL, -- COSE
    rp_id           TEXT    NOT NULL,
    model           BYTEA   NOT NULL CHECK (length(model) = 16), -- AAGUID
    transports      TEXT    NOT NULL, -- JSON
    attestation     TEXT    NOT NULL,
    attested        BIGINT  NOT NULL CHECK (attested IN (0, 1)),
    discoverable    BIGINT  NOT NULL CHECK (discoverable IN (0, 1)),
    backup_eligible BIGINT  NOT NULL CHECK (backup_eligible IN (0, 1)),
    backed_up       BIGINT  NOT NULL CHECK (backed_up IN (0, 1) AND backed_up <= backup_eligible),
    sign_count      BIGINT  NOT NULL CHECK (sign_count >= 0),
    name            TEXT    NOT NULL,
    suspect_at      BIGINT,
    created_at      BIGINT  NOT NULL,
    used_at         BIGINT
);
CREATE INDEX passkeys_by_user ON passkeys (user_id, created_at);
CREATE INDEX passkeys_by_domain ON passkeys (rp_id);

-- Challenges that were answered: what is here is not taken again (PW-60).
CREATE TABLE passkey_challenges (
    digest     BYTEA   PRIMARY KEY CHECK (length(digest) = 32),
    kept_until BIGINT  NOT NULL
);
CREATE INDEX passkey_challenges_by_time ON passkey_challenges (kept_until);
