// Package organization owns organisations: named groups of accounts, each
// member with roles that count inside it. Organisations are rows, not tenants:
// they cost nothing at start and share the instance's issuer and accounts.
//
// A domain is claimed by being in an organisation's list, verified by a TXT record that
// only its owner can write, and lapses when that is gone for longer than a grace. A
// verified domain says who may come by the organisation's connection and where people
// of it are sent to sign in. It makes no account theirs: accounts that had an address
// in it before are their people's, until these link them with a proof (TH-40).
package organization
