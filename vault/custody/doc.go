// Package custody is the vocabulary of an authoritative copy, and the statements
// that are signed about it.
//
// [Original] is the one authoritative copy of an envelope; its states are [Version]s. Every other
// file that was made of it, marked so that it is not taken for the original, is a [RegisteredCopy].
// Assignee, controller and custodian are [Parties]; each change of them is an [Entry] of the
// custody chain, with a [Statement] signed by the vault.
//
// It links no engine, no database and no PDF: a relying party verifies statements
// with it alone ([VerifyCustody], [VerifyAcknowledgment], [VerifyRelease]).
//
// Stability: the formats of statements are fixed for ever; the Go API may change
// until v1.
package custody
