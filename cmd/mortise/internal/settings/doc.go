// Package settings reads how one Mortise process is set up: its addresses, its
// store, its mail, its limits. It owns the list of settings, their names in the
// file, the environment and on the command line, and the order in which these
// win: flag, environment, file, default.
//
// It refuses what it does not know: a key of the file or a MORTISE_ variable
// without a setting behind it is a fault with the nearest right name. It never
// opens a database, a socket or a key; it reads files only where a setting says
// so. Everything that is wrong is reported at once, as Faults.
//
// The struct in settings.go is the only list. Names, defaults, schema and the
// reference page are made from it and from its comments.
package settings
