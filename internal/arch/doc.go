// Package arch holds the tests that keep the walls between packages standing.
package arch
