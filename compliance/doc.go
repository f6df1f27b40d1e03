// Package compliance evaluates vaulted records and issues signed certificates about them.
//
//	evidence (esign, vault, log, stored bytes)
//	   │
//	   ▼
//	Evaluate ─► checks ─► Result ──changed──► event vault.compliance.passed | failed
//	                              │
//	                              ▼
//	                            Issue ─► Certificate: serial 1, 2, 3, …  none overwritten
//
// A regime is the law that an asset is held under; it gives each check its paragraph. Each check
// recomputes its result from bytes, signatures, events and proofs; none reads a stored result. A
// Certificate is a signed statement of what was found, with the proofs of the events that it rests
// on. Package certificate has its format, the regimes and the rules document, and verifies it
// offline.
//
// Package handover joins the engines: it deposits, releases and attests, and asks
// this package to evaluate and certify. Certify brings an event to its certificate;
// CertifyDue finishes what a crash has left.
//
// An Engine is safe for concurrent use. New does no I/O.
//
// Stability: the requirements of a certificate's version are fixed for ever; a
// change of rules has a new version. The Go API may change until v1, and the
// Store interface may grow until then.
package compliance
