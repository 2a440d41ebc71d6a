-- Codes by mail as a way to sign in (see internal/proof): proofs take purposes as
-- they come, since package proof is what knows them.

-- +goose Up

CREATE TABLE proofs_any (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    purpose          TEXT    NOT NULL CHECK (purpose <> ''),
    user_id          BLOB    REFERENCES users (id) ON DELETE CASCADE, -- NULL: a sign-up, or a sign-in of nobody
    key              TEXT    NOT NULL,                                -- of the address it was mailed to
    link             BLOB    UNIQUE CHECK (length(link) = 32),
    flow             BLOB    UNIQUE CHECK (length(flow) = 32),        -- NULL: link only
    code             BLOB,                                            -- a MAC
    attempts         INTEGER NOT NULL DEFAULT 0,
    user_version     INTEGER NOT NULL,
    password_version INTEGER NOT NULL,
    payload          BLOB,                                            -- sealed
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    used_at          INTEGER                                          -- spent, replaced or cancelled
) STRICT, WITHOUT ROWID;
INSERT INTO proofs_any SELECT id, purpose, user_id, key, link, flow, code, attempts, user_version, password_version,
    payload, created_at, expires_at, used_at FROM proofs;
DROP TABLE proofs;
ALTER TABLE proofs_any RENAME TO proofs;
CREATE INDEX proofs_by_user ON proofs (user_id, purpose);
CREATE UNIQUE INDEX proofs_sign_up ON proofs (key, purpose) WHERE user_id IS NULL AND used_at IS NULL;
CREATE INDEX proofs_by_expiry ON proofs (expires_at);
