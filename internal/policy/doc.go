// Package policy owns what an instance asks of those who sign in: with how many
// factors, how long people may take to set one up, and whether a browser may be
// remembered after the second step.
//
//	instance -.
//	role ------+-- the highest --> asked of a sign-in
//	client ---'
//
// Roles carry their own level and clients theirs; Store.Of unites what concerns an
// account, and package signin adds the client's. Package token asks the same of grants
// that outlive their session when they are renewed, and Enforce of sessions. The
// time that somebody has begins when they are first asked, which is kept, and runs
// once: setting up a factor and removing it again does not start it anew.
package policy
