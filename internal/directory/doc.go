// Package directory is the flow of administrators: accounts, roles,
// organisations, clients, resources and scopes, one by one or declared in files.
//
// Every method takes the caller and decides first: somebody on the host, Mortise
// itself, or an account that holds the role admin now, in the store, not in a
// cached identity. Whoever else asks gets ErrNotAdmin, and the log learns what
// was refused (AU-7). Administrators start recoveries; they never see or choose a
// password of an existing account (PW-34).
package directory
