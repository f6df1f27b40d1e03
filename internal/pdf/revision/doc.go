// Package revision says what changed in a document after a signature.
//
// In go two revisions of one file; out come its changes ([ChangesSince]), each of a
// kind: what anyone may add, fields that were filled in, or what a reader should
// suspect.
//
// Stability: internal; it may change with any version.
package revision
