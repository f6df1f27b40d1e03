// Package typeset sets reports: headings, facts, tables, signers, events and
// digests, on as many pages as they need.
//
// In goes a [Report]; out comes a PDF file of its own, or pages appended to another
// one.
//
// Stability: internal; it may change with any version.
package typeset
