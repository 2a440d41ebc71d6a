// Package footprint keeps the memory of a server process small: how much room its
// collector has, and what is given back when there is nothing to do.
//
// Migrations, templates, settings and the like run once. They leave free heap, and
// pages of the program itself that nothing will touch again but that count as
// resident; work leaves free heap. Quiet hands both to the system; what is needed after all comes back
// from the page cache at its first use. It is for programs, not for the library:
// it is about the whole process.
package footprint
