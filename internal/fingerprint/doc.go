// Package fingerprint says by what else a file is known than its own digest: the
// digests of its earlier states ([Of]), and what its pages hold, whichever program
// saved them, with the marks of this system on them ([ContentsOf]). The vault claims
// these for one contract.
//
// It reads files and decides nothing.
//
// Stability: internal; it may change with any version, but digests that were claimed stay as they
// are for ever.
package fingerprint
