// Package testpdf makes the PDF files that tests of this module use: plain ones, ones of a given size, every
// cross-reference structure, odd page geometry, encrypted, active and hostile ones.
//
// Everything is made by this package's own code, without a PDF library, and is deterministic: equal arguments
// give equal bytes on every machine. Arguments that make no sense (fewer pages than one) are raised to the
// least that does. Nothing here is for use outside tests.
//
// Stability: for the tests of this module only; it may change with any version.
package testpdf
