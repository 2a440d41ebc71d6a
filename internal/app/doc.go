// Package app is the one place where everything is wired. It turns one Config
// into each package's options, owns the order in which things start, and runs
// the work behind the requests. It holds no rules of its own.
package app
