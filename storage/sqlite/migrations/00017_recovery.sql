-- Recovery codes (see internal/recovery): one set per account, each code once.

-- +goose Up

CREATE TABLE recovery_codes (
    user_id    BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mac        BLOB    NOT NULL CHECK (length(mac) = 32),
    created_at INTEGER NOT NULL,
    used_at    INTEGER,
    PRIMARY KEY (user_id, mac)
) STRICT, WITHOUT ROWID;
