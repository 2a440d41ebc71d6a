//go:build !unix

package main

// sameOwner has nothing to compare where files have no owner id.
func sameOwner(string) error { return nil }
