-- Phones that codes are sent to, and what was spent on them (see internal/phone).

-- +goose Up

CREATE TABLE phones (
    id           BYTEA   PRIMARY KEY CHECK (length(id) = 16),
    user_id      BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    number       BYTEA   NOT NULL, -- sealed
    created_at   BIGINT  NOT NULL,
    confirmed_at BIGINT, -- NULL: pending
    used_at      BIGINT
);
CREATE INDEX phones_by_user ON phones (user_id, id);
CREATE INDEX phones_pending ON phones (created_at) WHERE confirmed_at IS NULL;

-- What was charged on a day (UTC, counted from 1970) to a number, a range, a
-- country, or to everything. A charge that would pass a cap is not made.
CREATE TABLE phone_charges (
    day    BIGINT  NOT NULL,
    scope  TEXT COLLATE "C" NOT NULL,
    amount BIGINT  NOT NULL,
    PRIMARY KEY (day, scope)
);
