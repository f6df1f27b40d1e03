// Package acroform reads and extends interactive forms (ISO 32000-2 §12.7).
//
// In goes a document; out come its fields, signature fields, the locks and
// certifications that signatures put on it, and whether it may be extended at all.
// It adds fields and annotations; it fills none in.
//
// Stability: internal; it may change with any version.
package acroform
