-- Phones that codes are sent to, and what was spent on them (see internal/phone).

-- +goose Up

CREATE TABLE phones (
    id           BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    number       BLOB    NOT NULL, -- sealed
    created_at   INTEGER NOT NULL,
    confirmed_at INTEGER, -- NULL: pending
    used_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX phones_by_user ON phones (user_id, id);
CREATE INDEX phones_pending ON phones (created_at) WHERE confirmed_at IS NULL;

-- What was charged on a day (UTC, counted from 1970) to a number, a range, a
-- country, or to everything. A charge that would pass a cap is not made.
CREATE TABLE phone_charges (
    day    INTEGER NOT NULL,
    scope  TEXT    NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (day, scope)
) STRICT, WITHOUT ROWID;
