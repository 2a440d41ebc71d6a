// Package acmetest proves ACME against Pebble, the test authority of Let's
// Encrypt. It is a module of its own so that Pebble's modules stay out of ours.
package acmetest
