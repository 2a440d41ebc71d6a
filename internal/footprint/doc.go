// Package footprint gives memory back that only starting has needed.
//
// Migrations, templates, settings and the like run once. They leave free heap, and
// pages of the program itself that nothing will touch again but that count as
// resident. Settle hands both to the system; what is needed after all comes back
// from the page cache at its first use. It is for programs, not for the library:
// it is about the whole process.
package footprint
