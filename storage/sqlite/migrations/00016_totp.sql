-- Sign-ins that wait for their second factor (see internal/challenge), and the
-- authenticator apps of accounts (see internal/totp).

-- +goose Up

CREATE TABLE challenges (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id          BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    flow             BLOB    NOT NULL UNIQUE CHECK (length(flow) = 32),
    key              TEXT    NOT NULL, -- of the identifier that was typed
    methods          TEXT    NOT NULL,
    user_version     INTEGER NOT NULL,
    password_version INTEGER NOT NULL,
    failures         INTEGER NOT NULL,
    notice           BLOB    CHECK (length(notice) = 16), -- the mail that leaves if this comes to nothing
    attempts         INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    used_at          INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_by_user ON challenges (user_id);
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

-- A device counts once its first code was right: confirmed_at. last_step only
-- grows, so that no code is taken twice.
CREATE TABLE totp_devices (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    secret       BLOB    NOT NULL, -- sealed
    last_step    INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER,
    used_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX totp_devices_by_user ON totp_devices (user_id);
CREATE INDEX totp_devices_pending ON totp_devices (created_at) WHERE confirmed_at IS NULL;
