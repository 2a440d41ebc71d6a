-- Recovery codes (see internal/recovery): one set per account, each code once.

-- +goose Up

CREATE TABLE recovery_codes (
    user_id    BYTEA    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mac        BYTEA    NOT NULL CHECK (length(mac) = 32),
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (user_id, mac)
);
