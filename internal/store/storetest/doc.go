// Package storetest proves that an engine keeps what the domains' Store
// interfaces promise. Every engine runs the same suite:
//
//	storetest.Run(t, func(t *testing.T) store.Store { … a fresh, empty store … })
//
// The comments of the interfaces are the contract; a test here cites the rule it
// proves. The suite's clock stands years away from the machine's, so an engine
// that asks the database for the time fails it.
package storetest
