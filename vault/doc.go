// Package vault keeps the one authoritative copy of a signed document: it
// makes, stores, serves, proves and releases the copy.
//
//	Source ─Deposit─► Copy, version 1, marked copy ─Release─► release version ─BuildPackage─► package
//	 (completion or      │  register, custody chain,               │ status released for ever     │
//	  paper upload)      │  claims, acknowledgment                ▼                         ReadPackage
//	                     ▼                                 Lookup: released                      │
//	        ReadAuthoritative, ReadCopy, Lookup                                             Acknowledge
//	        CheckIntegrity, Repair, Evidence                                                      │
//	                                                                        tombstone ◄─ DeleteDue
//
// Control moves from one organization to another by an offer, which locks the copy:
//
//	MakeReceivingCode ─► Offer ─┬─ AcceptOffer ─► next version, names the new assignee
//	 (by the receiver)          ├─ RejectOffer, CancelOffer
//	                            └─ OffersDue: past its expiry
//
// One envelope has one copy for ever, released or not, and bytes that were
// deposited, are a version, a marked copy or a signed revision of one of them are
// claimed over the whole installation for ever: nothing is vaulted twice. Both
// are unique keys of the database, on every backend. Bytes that were signed are
// never rewritten: each version extends the one before, or, where a file cannot
// be extended, a signed statement stands beside it.
//
// Before a verb trusts the database it compares the transparency log with its
// anchors outside the database (package vault/translog): a restored backup makes
// nothing authoritative that was released since.
//
// A Vault is safe for concurrent use by any number of goroutines and replicas.
// What it signs is specified in package custody, what a release package holds in
// internal/releasepackage, and the mark of a release in internal/releasemark; these
// formats never change.
//
// Stability: the formats are fixed for ever; the Go API may change until v1, and the
// Store interface may grow.
package vault
