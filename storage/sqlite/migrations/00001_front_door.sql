-- The front door: accounts, passwords, sessions, and what guards them.
--
-- Ids and digests are bytes, times are microseconds since 1970 UTC and NULL
-- means never, truths are 0 and 1, lists are JSON. No constraint is deferred
-- (TH-23). Checks name values with OR: for IN with three or more SQLite builds a
-- table each time a row is written. A release only ever adds to this, so that
-- the one before it keeps working on the new schema.

-- +goose Up

-- What is true of this Mortise as a whole; one row. Setup ends by the fact
-- setup_done_at, never by counting administrators (TH-35).
CREATE TABLE instance (
    one              INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    id               BLOB    NOT NULL CHECK (length(id) = 16), -- part of every digest
    epoch            TEXT    NOT NULL,                         -- changes on restore and failover (TH-12)
    origin           TEXT    NOT NULL DEFAULT '',              -- which database this was, to notice a restore (TH-24)
    token_floor      INTEGER NOT NULL DEFAULT 1,               -- no token version counts as lower
    token_life       INTEGER NOT NULL DEFAULT 900000000,       -- longest of access tokens ever issued, microseconds (TH-15)
    dev              INTEGER NOT NULL DEFAULT 0 CHECK (dev IN (0, 1)),
    created_at       INTEGER NOT NULL,
    setup_done_at    INTEGER,
    setup_code       BLOB,                                     -- NULL: no code is open
    setup_expires_at INTEGER,
    setup_wrong      INTEGER NOT NULL DEFAULT 0,
    setup_browser    BLOB                                      -- of the cookie that took the code
) STRICT;

-- The last number given out in each numbered stream.
CREATE TABLE heads (
    name   TEXT    PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;
INSERT INTO heads (name, number) VALUES ('audit', 0), ('revocation', 0), ('swept', 0);

-- Small values that all replicas share, and small sealed files.
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE blobs (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

-- Data keys, wrapped by a master key that is never here (TH-28). Whatever is
-- sealed names the data key it was sealed with.
CREATE TABLE data_keys (
    id         TEXT    PRIMARY KEY,
    position   INTEGER NOT NULL UNIQUE, -- 1 for the first, whatever the clocks say
    wrapped_by TEXT    NOT NULL,
    wrapped    BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Accounts. version counts the acts that end whatever was born before (TH-1,
-- TH-3); token_version counts those and every loss of authority, and is what
-- tokens carry, unless instance.token_floor is higher; revision counts every
-- change.
CREATE TABLE users (
    id            BLOB    PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT    NOT NULL,
    name_folded   TEXT    NOT NULL, -- as it is searched: NFKC, lower case
    locale        TEXT    NOT NULL,
    time_zone     TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state = 'active' OR state = 'suspended' OR state = 'deleting'),
    delete_at     INTEGER CHECK ((delete_at IS NOT NULL) = (state = 'deleting')),
    managed_by    TEXT    NOT NULL,
    version       INTEGER NOT NULL CHECK (version > 0),
    token_version INTEGER NOT NULL DEFAULT 1 CHECK (token_version > 0),
    revision      INTEGER NOT NULL CHECK (revision > 0),
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_by_name ON users (name_folded);
CREATE INDEX users_by_token_version ON users (token_version) WHERE token_version > 1; -- for the highest
CREATE INDEX users_due ON users (delete_at) WHERE delete_at IS NOT NULL;

-- Addresses. The key is what is compared, so it is unique over all accounts.
CREATE TABLE user_emails (
    key         TEXT    PRIMARY KEY,
    user_id     BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address     TEXT    NOT NULL,
    verified_at INTEGER,
    is_primary  INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX user_emails_by_user ON user_emails (user_id);
CREATE UNIQUE INDEX user_emails_primary ON user_emails (user_id) WHERE is_primary = 1;

-- Roles: named sets of permissions, held for the whole instance or inside one
-- organisation. A role that somebody holds cannot go.
CREATE TABLE roles (
    name        TEXT    PRIMARY KEY,
    permissions TEXT    NOT NULL, -- JSON, sorted
    managed_by  TEXT    NOT NULL,
    built_in    INTEGER NOT NULL DEFAULT 0 CHECK (built_in IN (0, 1)),
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
INSERT INTO roles (name, permissions, managed_by, built_in, created_at, updated_at) VALUES ('admin', '[]', '', 1, 0, 0);

CREATE TABLE user_roles (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role    TEXT NOT NULL REFERENCES roles (name),
    PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_roles_by_role ON user_roles (role, user_id);

CREATE TABLE organizations (
    id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    domains    TEXT    NOT NULL, -- JSON; claims prove nothing yet
    managed_by TEXT    NOT NULL,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    organization_id BLOB    NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id         BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    joined_at       INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE member_roles (
    organization_id BLOB NOT NULL,
    user_id         BLOB NOT NULL,
    role            TEXT NOT NULL REFERENCES roles (name),
    PRIMARY KEY (organization_id, user_id, role),
    FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX member_roles_by_role ON member_roles (role, user_id);

-- At most one password per account. A change raises version, a better encoding
-- of the same password does not.
CREATE TABLE passwords (
    user_id     BLOB    PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL CHECK (version > 0),
    hash        TEXT    NOT NULL, -- '' when the password was removed; its version stays (TH-1)
    changed_at  INTEGER NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Failures of existing accounts since the last complete sign-in (TH-33).
CREATE TABLE lockouts (
    user_id  BLOB    PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    failures INTEGER NOT NULL,
    last_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Signed-in sessions. The cookie holds a secret, the row its digest and the
-- account version that was proven. lapses_at is the earlier of both limits, idle
-- and absolute (SE-20). Ended rows stay a while, for the list and for the log.
-- Its rows are wide, so they live by number: kept by id, whole rows would fill
-- the inner pages of the tree, and among a million it would be twice as deep.
CREATE TABLE sessions (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    user_id          BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest           BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    user_version     INTEGER NOT NULL,
    methods          TEXT    NOT NULL, -- JSON, RFC 8176 names
    assurance        INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    last_seen_at     INTEGER NOT NULL,
    idle_timeout     INTEGER NOT NULL, -- microseconds
    expires_at       INTEGER NOT NULL,
    lapses_at        INTEGER NOT NULL,
    ip               TEXT    NOT NULL,
    user_agent       TEXT    NOT NULL,
    place            TEXT    NOT NULL,
    ended_at         INTEGER CHECK ((ended_at IS NULL) = (cause = '')),
    cause            TEXT    NOT NULL DEFAULT '' -- why it ended
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, ended_at);
CREATE INDEX sessions_live ON sessions (lapses_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;

-- Mailed proofs: a link, and sometimes a short code, that show that somebody
-- reads an address. Spent once. A version of 0 is not compared.
CREATE TABLE proofs (
    id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
    purpose          TEXT    NOT NULL CHECK (purpose = 'signup' OR purpose = 'address' OR purpose = 'recover' OR purpose = 'undo'
                         OR purpose = 'undelete' OR purpose = 'signin' OR purpose = 'frozen'),
    user_id          BLOB    REFERENCES users (id) ON DELETE CASCADE, -- NULL: a sign-up
    key              TEXT    NOT NULL,                                -- of the address it was mailed to
    link             BLOB    UNIQUE CHECK (length(link) = 32),
    flow             BLOB    UNIQUE CHECK (length(flow) = 32),        -- NULL: link only
    code             BLOB,                                            -- a MAC
    attempts         INTEGER NOT NULL DEFAULT 0,
    user_version     INTEGER NOT NULL,
    password_version INTEGER NOT NULL,
    payload          BLOB,                                            -- sealed
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    used_at          INTEGER                                          -- spent, replaced or cancelled
) STRICT, WITHOUT ROWID;
CREATE INDEX proofs_by_user ON proofs (user_id, purpose);
CREATE UNIQUE INDEX proofs_sign_up ON proofs (key, purpose) WHERE user_id IS NULL AND used_at IS NULL;
CREATE INDEX proofs_by_expiry ON proofs (expires_at);

-- Mail on its way. Claiming a message moves next_at to the end of the lease, so
-- that a sender who dies gives it back. What was sent or given up is emptied.
CREATE TABLE outbox (
    id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
    channel     TEXT    NOT NULL,
    template    TEXT    NOT NULL,
    sealed      BLOB,
    attempts    INTEGER NOT NULL,
    next_at     INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT    NOT NULL DEFAULT '' CHECK (outcome = '' OR outcome = 'sent' OR outcome = 'dead'),
    reason      TEXT    NOT NULL DEFAULT '' -- of the last failure
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE finished_at IS NULL;
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;

-- What happened. Rows are only ever added (AU-41); sequence is gapless within a
-- stream, so that a hash chain can be laid over it (AU-42). There is one stream,
-- and rows live by its numbers: they are written in that order, and each index
-- ends in the number of its row. No foreign keys: events outlive what they are
-- about.
CREATE TABLE audit_events (
    sequence   INTEGER PRIMARY KEY,
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    at         INTEGER NOT NULL,
    stream     TEXT    NOT NULL DEFAULT 'audit',
    name       TEXT    NOT NULL CHECK (name <> ''),
    severity   TEXT    NOT NULL CHECK (severity = 'info' OR severity = 'notice' OR severity = 'warning' OR severity = 'critical'),
    outcome    TEXT    NOT NULL CHECK (outcome = 'success' OR outcome = 'failure' OR outcome = 'blocked'),
    reason     TEXT    NOT NULL,
    actor_type TEXT    NOT NULL CHECK (actor_type = 'anonymous' OR actor_type = 'user' OR actor_type = 'client' OR actor_type = 'host' OR actor_type = 'system'),
    actor_id   TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    session    TEXT    NOT NULL,
    client     TEXT    NOT NULL,
    ip         TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    place      TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    details    TEXT    NOT NULL -- JSON object of bounded texts, never secrets
) STRICT;
CREATE INDEX audit_events_by_subject ON audit_events (subject);
CREATE INDEX audit_events_by_name ON audit_events (name);

-- What ended early, for every cache to hear of. A row has a number only once it
-- is committed (TH-2), and never compares times (TH-3). It is of use until the last
-- token it can concern has expired (TH-15). audiences are the resources whose
-- followers hear of it: '' all of them, else a JSON list, empty for replicas only
-- (TH-16). owner is the account whose single entries are counted (TH-17).
CREATE TABLE revocations (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    number    INTEGER UNIQUE,
    kind      TEXT    NOT NULL CHECK (kind = 'sid' OR kind = 'gid' OR kind = 'sub' OR kind = 'client' OR kind = 'kid' OR kind = 'jti'
                        OR kind = 'instance' OR kind = 'refresh'),
    value     BLOB    NOT NULL CHECK (length(value) = 16),
    version   INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    until     INTEGER,
    audiences TEXT NOT NULL,
    owner     BLOB
) STRICT;
CREATE INDEX revocations_by_until ON revocations (until);
CREATE INDEX revocations_by_owner ON revocations (owner) WHERE owner IS NOT NULL;

-- Answers to writes that carried an Idempotency-Key (TH-31).
CREATE TABLE idempotency (
    scope      BLOB    PRIMARY KEY CHECK (length(scope) = 32), -- MAC of principal, method, path and key
    body       BLOB    NOT NULL CHECK (length(body) = 32),     -- digest
    status     INTEGER NOT NULL,                               -- 0 while running
    sealed     BLOB,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_time ON idempotency (created_at);
