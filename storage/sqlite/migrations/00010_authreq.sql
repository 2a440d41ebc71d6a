-- Authorization requests that wait (see internal/authreq), and the types of
-- authorization_details that resources understand (RFC 9396).

-- +goose Up

CREATE TABLE authorization_requests (
    handle         BLOB    PRIMARY KEY CHECK (length(handle) = 32),
    pushed         INTEGER NOT NULL CHECK (pushed IN (0, 1)),
    origin         BLOB    CHECK (length(origin) = 32), -- the pushed request it was made of
    client_id      TEXT    NOT NULL,
    client_version INTEGER NOT NULL,
    browser        BLOB    CHECK (length(browser) = 32),
    params         TEXT    NOT NULL, -- JSON
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    offered_at     INTEGER,
    completed_at   INTEGER,
    CHECK ((pushed = 1) = (browser IS NULL))
) STRICT;
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

ALTER TABLE resources ADD COLUMN detail_types TEXT NOT NULL DEFAULT '[]'; -- JSON
