// Package arch holds the tests that keep the walls between packages standing.
//
// Stability: for the tests of this module only; it may change with any version.
package arch
