// Package services starts private PostgreSQL and Redis servers for tests, from the
// binaries of the distribution, on free loopback ports, in a folder of their own.
//
// It is the only implementation: make test runs everything below one pair of
// servers (command with), and package testenv starts a PostgreSQL by itself when
// one package is tested alone. Servers die with the process that started them.
package services
