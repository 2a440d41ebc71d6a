-- Proofs of possession that were used (see internal/dpop), for the two minutes in
-- which one could come again. One process remembers them by itself; the tables are
-- those of PostgreSQL.

-- +goose Up

CREATE TABLE dpop_epoch (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    epoch BLOB    NOT NULL CHECK (length(epoch) = 16)
) STRICT;

CREATE TABLE dpop_proofs (
    id    BLOB    PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dpop_proofs_by_time ON dpop_proofs (until);
