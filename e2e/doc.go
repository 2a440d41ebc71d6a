// Package e2e is the journeys through the assembled program: a real process, real
// files, a real PostgreSQL, a real browser, a real conversation over SMTP.
//
// Nothing here reaches into the program. A test starts the binary as a person
// would, waits for its ready line, and looks at what comes out of its sockets,
// its standard error and its data folder. What is proved elsewhere from inside
// (rules, races, odd input) is not repeated.
//
// MORTISE_TEST_SOAK=1 makes the binary a race-detecting one and the crash tests
// long. MORTISE_TEST_SCREENSHOTS names a folder that keeps what the browser saw.
package e2e
