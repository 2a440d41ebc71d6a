// Package output keeps the promises of the command line to people and programs:
// data on standard output, words on standard error; tables for a terminal, JSON
// for everything else; one problem object when something failed; nothing a
// terminal would obey in what other people chose as their name.
package output
