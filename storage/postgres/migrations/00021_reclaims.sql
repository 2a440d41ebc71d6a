-- Ways back into accounts whose factors are lost (see internal/reclaim), what a
-- second administrator decides (internal/approval), and verified addresses that
-- left their account and are told for a while.

-- +goose Up

CREATE TABLE reclaims (
    id         BYTEA PRIMARY KEY CHECK (length(id) = 16),
    user_id    BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    level      BIGINT NOT NULL,
    address    TEXT NOT NULL,
    lang       TEXT NOT NULL,
    vouched    TEXT NOT NULL,
    veto       BYTEA UNIQUE,
    sealed     BYTEA,
    secret     BYTEA UNIQUE,
    started_at BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    delayed_at BIGINT,
    ended_at   BIGINT,
    outcome    TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX reclaims_live ON reclaims (user_id) WHERE ended_at IS NULL;
CREATE INDEX reclaims_by_user ON reclaims (user_id, ended_at);
CREATE INDEX reclaims_next ON reclaims (next_at) WHERE ended_at IS NULL;
CREATE INDEX reclaims_ended ON reclaims (ended_at);

CREATE TABLE approvals (
    id         BYTEA PRIMARY KEY CHECK (length(id) = 16),
    kind       TEXT NOT NULL,
    subject    BYTEA REFERENCES users (id) ON DELETE CASCADE,
    payload    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    requester  BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decision   TEXT NOT NULL DEFAULT '',
    decider    BYTEA,
    decided_at BIGINT
);
CREATE INDEX approvals_by_subject ON approvals (subject);
CREATE INDEX approvals_by_time ON approvals (expires_at);

CREATE TABLE former_emails (
    user_id     BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    address     TEXT NOT NULL,
    verified_at BIGINT NOT NULL,
    removed_at  BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX former_emails_by_time ON former_emails (removed_at);
