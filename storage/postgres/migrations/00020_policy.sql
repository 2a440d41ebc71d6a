-- What is asked of a sign-in (see internal/policy), the browsers that are remembered
-- after the second step (see internal/trust), and how often second factors were wrong.

-- +goose Up

-- One row. revision is part of what a remembered device was remembered under.
CREATE TABLE signin_policy (
    one        BIGINT PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    assurance  BIGINT NOT NULL CHECK (assurance BETWEEN 1 AND 2),
    grace      BIGINT NOT NULL CHECK (grace >= 0),    -- seconds
    remember   BIGINT NOT NULL CHECK (remember >= 0), -- seconds
    managed_by TEXT    NOT NULL,
    revision   BIGINT NOT NULL CHECK (revision > 0),
    updated_at BIGINT NOT NULL
);
INSERT INTO signin_policy (one, assurance, grace, remember, managed_by, revision, updated_at) VALUES (1, 1, 0, 0, '', 1, 0);

ALTER TABLE roles ADD COLUMN assurance BIGINT NOT NULL DEFAULT 0 CHECK (assurance BETWEEN 0 AND 2);

-- Since when somebody is asked for more than they can prove.
CREATE TABLE signin_demands (
    user_id BYTEA PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    since   BIGINT NOT NULL
);

-- A challenge that ends in a new factor, because there is none to ask for.
ALTER TABLE challenges ADD COLUMN enrol BIGINT NOT NULL DEFAULT 0 CHECK (enrol IN (0, 1));

-- Wrong second factors since the last right one, by method (PW-20).
CREATE TABLE second_failures (
    user_id  BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    method   TEXT    NOT NULL,
    failures BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, method)
);

CREATE TABLE trusted_devices (
    id               BYTEA PRIMARY KEY CHECK (length(id) = 16),
    user_id          BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest           BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_version     BIGINT NOT NULL,
    password_version BIGINT NOT NULL,
    policy_revision  BIGINT NOT NULL,
    user_agent       TEXT    NOT NULL,
    ip               TEXT    NOT NULL,
    place            TEXT    NOT NULL,
    created_at       BIGINT NOT NULL,
    used_at          BIGINT,
    expires_at       BIGINT NOT NULL
);
CREATE INDEX trusted_devices_by_user ON trusted_devices (user_id);
CREATE INDEX trusted_devices_by_expiry ON trusted_devices (expires_at);
