// Package certificate reads and verifies what an evault installation certifies of a
// vaulted record: the certificate's types, the regimes of law with their requirements,
// the rules document, and an offline verifier.
//
//	content, jwks.json, log keys ─► ParseKeys, VerifyFile ─► Certificate | ErrInvalid
//
// It is for relying parties, who import it alone: it links no engine, no PDF code, no
// SQL and no network. Package compliance evaluates records and signs certificates.
//
// Stability: the format of each released version of certificates, and the digests of
// the rules document, never change; a version that was released verifies for ever.
package certificate
