-- Proofs of possession that were used (see internal/dpop), for the two minutes in
-- which one could come again. The tables write no log: a crash or a failover empties
-- them both, and with the epoch gone all nonces that were handed out are void.

-- +goose Up

CREATE UNLOGGED TABLE dpop_epoch (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    epoch BYTEA  NOT NULL CHECK (octet_length(epoch) = 16)
);

CREATE UNLOGGED TABLE dpop_proofs (
    id    BYTEA  PRIMARY KEY,
    until BIGINT NOT NULL
);
CREATE INDEX dpop_proofs_by_time ON dpop_proofs (until);
