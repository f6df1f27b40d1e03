// Package revocation judges whether certificates were revoked, by OCSP responses (RFC 6960) and CRLs (RFC 5280 §5).
//
// DER of any origin and certificate chains go in. [Answers] keeps what can be used: what the issuer signed, or a
// responder that it delegated, about its own certificates. Out come a [Status] for a chain at a time, and the [Proof]
// on which a good one rests. Nothing is fetched, and no clock is read.
//
// Stability: internal; it may change with any version.
package revocation
