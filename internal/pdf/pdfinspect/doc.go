// Package pdfinspect says what a file is before it is accepted: its pages, active
// content, encryption, signatures and how it can be sealed ([Inspect]); and takes
// out what stands in the way of sealing it ([Normalize]).
//
// In goes a file; out comes an [Info] or a *pdf.Refusal.
//
// Stability: internal; it may change with any version.
package pdfinspect
