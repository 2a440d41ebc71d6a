-- Devices that ask to be let in (RFC 8628), and where exchanged tokens go (RFC 8693).
--
-- +goose Up

-- Both codes are digests, the short one under a key that is not here. Who has
-- approved is compared with the account when the grant is born (TH-1); the account
-- may be gone by then, so it is no reference.
CREATE TABLE device_codes (
    digest           BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    user_code        BLOB    NOT NULL UNIQUE CHECK (length(user_code) = 32),
    client_id        TEXT    NOT NULL,
    client_version   INTEGER NOT NULL,
    scope            TEXT    NOT NULL,
    audiences        TEXT    NOT NULL, -- JSON
    ip               TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL,
    place            TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    poll_interval    INTEGER NOT NULL, -- microseconds; grows when asked too often
    polled_at        INTEGER,
    state            TEXT    NOT NULL CHECK (state = 'pending' OR state = 'approved' OR state = 'denied' OR state = 'redeemed'),
    user_id          BLOB    CHECK ((user_id IS NOT NULL) = (state = 'approved' OR state = 'redeemed')),
    user_version     INTEGER,
    session_id       BLOB   ,
    methods          TEXT,             -- JSON
    acr              TEXT,
    authenticated_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);

-- APIs for which a grant's tokens were exchanged, beside its own: their followers
-- are told of its end (TH-13, TH-16).
CREATE TABLE derived_audiences (
    grant_id BLOB  NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    audience TEXT  NOT NULL,
    PRIMARY KEY (grant_id, audience)
) STRICT, WITHOUT ROWID;
