// Package problem is the one way Mortise says that something went wrong.
//
// An Error has two faces. Code and Public are for whoever asked: a stable
// machine name and a sentence that says what to do, safe to show to a stranger.
// The cause is for the log and never leaves the process. Packages declare their
// errors as package-level sentinels with New; flows pick the sentinel that
// reveals least and attach the truth with Because.
//
// Every sentinel is entered in a catalogue when the program starts, so each code
// has a page at /errors/{code} and a golden file lists everything we may ever
// say to a stranger.
package problem
