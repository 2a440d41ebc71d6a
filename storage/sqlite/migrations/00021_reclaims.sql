-- Ways back into accounts whose factors are lost (see internal/reclaim), what a
-- second administrator decides (internal/approval), and verified addresses that
-- left their account and are told for a while.

-- +goose Up

CREATE TABLE reclaims (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    level      INTEGER NOT NULL,
    address    TEXT NOT NULL,
    lang       TEXT NOT NULL,
    vouched    TEXT NOT NULL,
    veto       BLOB UNIQUE,
    sealed     BLOB,
    secret     BLOB UNIQUE,
    started_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    delayed_at INTEGER,
    ended_at   INTEGER,
    outcome    TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX reclaims_live ON reclaims (user_id) WHERE ended_at IS NULL;
CREATE INDEX reclaims_by_user ON reclaims (user_id, ended_at);
CREATE INDEX reclaims_next ON reclaims (next_at) WHERE ended_at IS NULL;
CREATE INDEX reclaims_ended ON reclaims (ended_at);

CREATE TABLE approvals (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    kind       TEXT NOT NULL,
    subject    BLOB REFERENCES users (id) ON DELETE CASCADE,
    payload    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    requester  BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decision   TEXT NOT NULL DEFAULT '',
    decider    BLOB,
    decided_at INTEGER
) STRICT;
CREATE INDEX approvals_by_subject ON approvals (subject);
CREATE INDEX approvals_by_time ON approvals (expires_at);

CREATE TABLE former_emails (
    user_id     BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key         TEXT NOT NULL,
    address     TEXT NOT NULL,
    verified_at INTEGER NOT NULL,
    removed_at  INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;
CREATE INDEX former_emails_by_time ON former_emails (removed_at);
