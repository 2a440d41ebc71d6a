-- Domains that organisations have shown to own, and which organisations require their
-- own sign-in (see internal/organization). What is claimed is organizations.domains.

-- +goose Up

CREATE TABLE organization_domains (
    organization_id BLOB NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name            TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('verified', 'lapsed')),
    verified_at     INTEGER NOT NULL,
    checked_at      INTEGER NOT NULL,
    failing_since   INTEGER,
    PRIMARY KEY (organization_id, name)
) STRICT, WITHOUT ROWID;
-- One organisation at most has a domain verified.
CREATE UNIQUE INDEX organization_domains_owner ON organization_domains (name) WHERE status = 'verified';
CREATE INDEX organization_domains_due ON organization_domains (checked_at) WHERE status = 'verified';

CREATE TABLE organization_sso (
    organization_id BLOB PRIMARY KEY REFERENCES organizations (id) ON DELETE CASCADE,
    since           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who leaves the organisation is its owner no more.
CREATE TABLE organization_break_glass (
    organization_id BLOB NOT NULL REFERENCES organization_sso (organization_id) ON DELETE CASCADE,
    user_id         BLOB NOT NULL,
    PRIMARY KEY (organization_id, user_id),
    FOREIGN KEY (organization_id, user_id) REFERENCES members (organization_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
