// Package pdftest holds what the tests of the PDF rooms share: files, texts that are put on them, and other programs
// that read them. It imports every room; no room imports it but in tests.
//
// Stability: internal; it may change with any version.
package pdftest
