// Package floor holds the programs that do only the unavoidable work: the same
// crypto, the same rows, the same answer, and nothing around them. What Mortise
// costs is measured beside them, in the same run.
package floor
