// Package manifest reads declarative files: YAML, several documents allowed.
//
// It is strict: an unknown or repeated key, a value of another type, an alias
// and a file beyond the limits are faults with line and column, and all faults
// of a file are reported at once. References to the environment and to other
// files go through a Resolver, which only the command line supplies. Kinds that
// a later version brings are refused by name, never skipped.
package manifest
