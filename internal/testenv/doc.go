// Package testenv gives tests the real things they need: a PostgreSQL database, a
// Redis server, a browser. It never skips: what is missing fails the test with a
// sentence that says what to do.
//
// make test starts the servers for all packages. When one package is tested alone
// and names no server, testenv starts a private PostgreSQL or Redis from the
// installed binaries, once per process; Main stops it.
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
// Only tests import it.
package testenv
