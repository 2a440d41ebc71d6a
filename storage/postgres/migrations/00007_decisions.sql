-- Why requests were refused, for a week (see internal/decision). They explain and
-- decide nothing.

-- +goose Up

CREATE TABLE decisions (
    code       TEXT    PRIMARY KEY,
    at         BIGINT NOT NULL,
    refusal    TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    checks     TEXT    NOT NULL, -- JSON
    method     TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    ip         TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    session    TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    credential TEXT    NOT NULL
);
CREATE INDEX decisions_by_time ON decisions (at);
