// Package translog is the transparency log of an evault installation: one
// Merkle tree (RFC 6962 section 2, by golang.org/x/mod/sumdb/tlog) over the
// events of all envelopes, with signed checkpoints and proofs.
//
//	event row, unsequenced ──Integrate──► index, tree, head        one transaction
//	                                          │
//	                                          ▼
//	                    checkpoint signed ─► anchor written ─► checkpoint row, used
//
// A leaf is the canonical bytes of one event (package storage/event); its hash is SHA-256(0x00 ‖
// leaf). The transaction of a change writes its event without an index. Integrate, which any
// replica may call at any time, gives indexes in batches, ordered by recorded_at and then by event
// id; a compare-and-set on the head row decides between replicas.
//
// # Checkpoint, version 1
//
// A checkpoint is a signed note (golang.org/x/mod/sumdb/note, C2SP
// tlog-checkpoint): the text
//
//	<origin>
//	<tree size, decimal>
//	<root hash, base64>
//
// and one Ed25519 signature whose key name is the origin. It holds no time, so
// that two replicas sign equal bytes.
//
// # Anchors
//
// Each checkpoint is written outside the database before it is used:
//
//	checkpoints/after-<size before>   the checkpoint that followed that size
//	checkpoints/<size>                the checkpoint of that size
//	checkpoints/adopted               the adoption that ended this origin
//
// and after the n-th adoption under checkpoints-<n>/ instead. So one read finds
// out whether the database was set back: if there is a checkpoint after the
// size that its head has, the database is not an extension of the newest anchor
// and Integrate and Check return ErrRewound; proofs go on. Adopt goes on after a
// deliberate restore, under a new origin that names the head that was lost.
//
// Anchors show this only as far as they are not set back themselves: beside the
// documents (AnchorsBeside) a restore of database and documents together is not
// found, in a place of their own (AnchorsSeparate) it is.
//
// A Log is safe for concurrent use by any number of goroutines and replicas.
// Verifiers (VerifyInclusion, VerifyConsistency, ParseCheckpoint) need no
// database and no network. The formats above never change.
//
// Stability: the formats of leaves, checkpoints and proofs are fixed for ever. The Go
// API may change until v1, and the Store interface may grow until then.
package translog
