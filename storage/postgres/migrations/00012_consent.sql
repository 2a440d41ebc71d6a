-- What people have agreed that apps may do.

-- +goose Up

-- A row goes with its account, and with its client: one that gets the same name
-- later is another.
CREATE TABLE consents (
    user_id    BYTEA   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id  TEXT    NOT NULL REFERENCES clients (client_id) ON DELETE CASCADE,
    scopes     TEXT    NOT NULL, -- JSON
    audiences  TEXT    NOT NULL, -- JSON
    details    TEXT    NOT NULL, -- JSON, digests
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
CREATE INDEX consents_by_client ON consents (client_id);
