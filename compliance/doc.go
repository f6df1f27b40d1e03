// Package compliance says what can be shown about a vaulted record, and signs it.
//
//	facts (esign, vault, log, stored bytes)
//	   │
//	   ▼
//	Evaluate ─► eight checks ─► Result ──changed──► event vault.compliance.passed | failed
//	                              │
//	                              ▼
//	                            Issue ─► Certificate: serial 1, 2, 3, …  none overwritten
//
// A regime (regime.go) is the text of law that an asset is held under; it gives
// each check its paragraph. Each check recomputes its answer from bytes,
// signatures, events and proofs; none reads a stored result. A Certificate
// (certificate.go) is a signed statement of what was found, with the proofs of the
// events that it rests on, and verifies offline: VerifyCertificate.
//
// Handover joins the engines: a completion goes into the vault, is evaluated and
// certified; a release leaves it with its package. Each step is idempotent, and
// HandoverDue finishes what a crash has left.
//
// An Engine and a Handover are safe for concurrent use. New does no I/O. The
// certificate's format, its version line and the rules document's digests are
// stable for ever; the Store interface may grow until v1.
package compliance
