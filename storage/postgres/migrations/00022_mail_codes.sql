-- Codes by mail as a way to sign in (see internal/proof): proofs take purposes as
-- they come, since package proof is what knows them.

-- +goose Up

ALTER TABLE proofs DROP CONSTRAINT proofs_purpose_check;
ALTER TABLE proofs ADD CONSTRAINT proofs_purpose_check CHECK (purpose <> '');
