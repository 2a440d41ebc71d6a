-- Authorization requests that wait (see internal/authreq), and the types of
-- authorization_details that resources understand (RFC 9396).

-- +goose Up

CREATE TABLE authorization_requests (
    handle         BYTEA   PRIMARY KEY CHECK (length(handle) = 32),
    pushed         BIGINT   NOT NULL CHECK (pushed IN (0, 1)),
    origin         BYTEA   CHECK (length(origin) = 32), -- the pushed request it was made of
    client_id      TEXT    NOT NULL,
    client_version BIGINT  NOT NULL,
    browser        BYTEA   CHECK (length(browser) = 32),
    params         TEXT    NOT NULL, -- JSON
    created_at     BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    offered_at     BIGINT ,
    completed_at   BIGINT ,
    CHECK ((pushed = 1) = (browser IS NULL))
);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);

ALTER TABLE resources ADD COLUMN detail_types TEXT NOT NULL DEFAULT '[]'; -- JSON
