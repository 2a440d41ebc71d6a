-- Assertions by which clients proved who they are (OA-32): what is here was used,
-- and is not taken again. A digest of the client and its jti.

-- +goose Up

CREATE TABLE assertions (
    digest     BLOB    PRIMARY KEY CHECK (length(digest) = 32),
    kept_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX assertions_by_time ON assertions (kept_until);
