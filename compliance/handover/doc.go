// Package handover joins the engines: a completed envelope goes into the vault, is
// evaluated and certified; a release leaves the vault with its package. It is the
// only package that acts on esign, vault and compliance together.
//
//	VaultIn    completion ─► deposit ─► log ─► evaluation ─► certificate
//	VaultOut   release ─► log ─► evaluation ─► certificate ─► package
//	Attest     attestation ─► log ─► evaluation ─► certificate
//	Accept     switch of control ─► log ─► evaluation ─► certificate
//
// Each step is idempotent. The deposit, the release, the attestation and the switch
// note, in their own transaction, that a certificate is due. A crash after that leaves the
// note, and HandoverDue, or a repeated call, continues from there.
//
// An Engine is safe for concurrent use and keeps no state. New does no I/O. The
// Store interface may grow until v1.
//
// Stability: verbs and fields of requests are added, and none is taken away, from v1
// on; until then the Go API may change between minor versions. A repeated verb stays
// without a second effect.
package handover
