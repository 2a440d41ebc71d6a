-- Who is to be told that a session ended (see internal/logout).

-- +goose Up

-- The clients that were given an ID token in a session, and what it called its
-- person. session_id becomes NULL when the session's row goes, with its account
-- or with time: such rows are due, as are those whose session says that it ended.
CREATE TABLE logout_participants (
    sid        BYTEA   NOT NULL CHECK (octet_length(sid) = 16),
    client_id  TEXT COLLATE "C" NOT NULL,
    session_id BYTEA   REFERENCES sessions (id) ON DELETE SET NULL,
    user_id    BYTEA   NOT NULL CHECK (octet_length(user_id) = 16),
    subject    TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    PRIMARY KEY (sid, client_id)
);
CREATE INDEX logout_participants_by_session ON logout_participants (session_id);

-- Logout tokens to deliver. A row is made of a participant, which goes with that.
CREATE TABLE logouts (
    id          BYTEA   PRIMARY KEY CHECK (octet_length(id) = 16), -- the claim jti
    sid         BYTEA   NOT NULL CHECK (octet_length(sid) = 16),
    client_id   TEXT    NOT NULL,
    user_id     BYTEA   NOT NULL CHECK (octet_length(user_id) = 16),
    subject     TEXT    NOT NULL,
    cause       TEXT    NOT NULL, -- why the session ended; '' when its row is gone
    attempts    BIGINT  NOT NULL,
    next_at     BIGINT  NOT NULL, -- while one is under way, the end of its lease
    created_at  BIGINT  NOT NULL,
    finished_at BIGINT  CHECK ((finished_at IS NULL) = (outcome = '')),
    outcome     TEXT    NOT NULL DEFAULT '' CHECK (outcome = '' OR outcome = 'delivered' OR outcome = 'dead'),
    reason      TEXT    NOT NULL DEFAULT '' -- of the last failure
);
CREATE INDEX logouts_waiting ON logouts (next_at) WHERE finished_at IS NULL;
CREATE INDEX logouts_finished ON logouts (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX logouts_stuck ON logouts (id) WHERE outcome <> 'delivered';
