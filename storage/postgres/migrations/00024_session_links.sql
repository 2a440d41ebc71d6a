-- Which sessions began with a link (see internal/federation), so that they end with
-- it, or with the session over there. What a half-done sign-in began with waits in
-- its challenge.

-- +goose Up

CREATE TABLE session_links (
    session_id BYTEA NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    link_id    BYTEA NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    sid        BYTEA CHECK (length(sid) BETWEEN 1 AND 255), -- over there
    acr        TEXT NOT NULL, -- theirs, as told
    amr        TEXT NOT NULL  -- theirs, JSON
);
CREATE INDEX session_links_by_link ON session_links (link_id);
CREATE INDEX session_links_by_sid ON session_links (sid) WHERE sid IS NOT NULL;

ALTER TABLE challenges ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- What the service of a link that an account was made for tells of its profile.
ALTER TABLE links ADD COLUMN born BIGINT NOT NULL DEFAULT 0 CHECK (born IN (0, 1));
ALTER TABLE links ADD COLUMN owns TEXT NOT NULL DEFAULT '[]'; -- JSON
