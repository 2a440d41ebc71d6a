-- Sign-ins that wait for their second factor (see internal/challenge), and the
-- authenticator apps of accounts (see internal/totp).

-- +goose Up

CREATE TABLE challenges (
    id               BYTEA    PRIMARY KEY CHECK (length(id) = 16),
    user_id          BYTEA    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    flow             BYTEA    NOT NULL UNIQUE CHECK (length(flow) = 32),
    key              TEXT COLLATE "C" NOT NULL, -- of the identifier that was typed
    methods          TEXT    NOT NULL,
    user_version     BIGINT NOT NULL,
    password_version BIGINT NOT NULL,
    failures         BIGINT NOT NULL,
    notice           BYTEA    CHECK (length(notice) = 16), -- the mail that leaves if this comes to nothing
    attempts         BIGINT NOT NULL DEFAULT 0,
    created_at       BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL,
    used_at          BIGINT
);
CREATE INDEX challenges_by_user ON challenges (user_id);
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

-- A device counts once its first code was right: confirmed_at. last_step only
-- grows, so that no code is taken twice.
CREATE TABLE totp_devices (
    id           BYTEA    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BYTEA    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    secret       BYTEA    NOT NULL, -- sealed
    last_step    BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,
    used_at      BIGINT
);
CREATE INDEX totp_devices_by_user ON totp_devices (user_id);
CREATE INDEX totp_devices_pending ON totp_devices (created_at) WHERE confirmed_at IS NULL;
