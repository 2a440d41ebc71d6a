// Package organization owns organisations: named groups of accounts, each
// member with roles that count inside it. Organisations are rows, not tenants:
// they cost nothing at start and share the instance's issuer and accounts.
package organization
