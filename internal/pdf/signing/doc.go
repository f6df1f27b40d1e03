// Package signing reads and reserves signatures in a file (ISO 32000-2 §12.8), and
// the validation material of its document security store (ETSI EN 319 142-1 §5.4).
//
// In goes a document; out come byte ranges, signature values and the revisions that
// they cover. It makes and verifies none: that is package esign/pades.
//
// Stability: internal; it may change with any version.
package signing
