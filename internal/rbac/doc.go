// Package rbac owns roles: flat, named sets of permissions. A role is given to
// an account for the whole instance, or to a member within one organisation;
// who holds which is kept beside the account and the membership. Names are
// stable identifiers that tokens carry and handlers ask for.
//
// The role "admin" is built in: it exists in every instance, may be given and
// taken, and can be neither changed nor deleted.
package rbac
