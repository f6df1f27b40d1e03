package vault

import (
	"context"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
)

// Store is what the vault keeps. storage/sqlstore implements it on SQL;
// storage/storagetest holds what every implementation must do. It may grow
// until v1. Every failing backend wraps storage.ErrUnavailable.
type Store interface {
	event.Store
	approval.Rows

	// InTx runs fn in one transaction, again when the database asks for it; fn is
	// SQL only. In a Store made by With, fn runs once.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction that someone else opened.
	With(tx storage.Tx) Store
	// Tx is the open transaction, nil outside of one.
	Tx() storage.Tx

	// LinkBlob gives a staged object its owner; storage.ErrBlobCondemned, storage.ErrNotFound.
	LinkBlob(ctx context.Context, name string, at time.Time) error
	// UnlinkBlob gives an object to the sweep; storage.ErrNotFound.
	UnlinkBlob(ctx context.Context, name string, at time.Time) error

	// InsertOriginal is where one envelope has one copy for ever: storage.ErrConflict
	// when it has one, released or not.
	InsertOriginal(ctx context.Context, c *custody.Original) error
	// UpdateOriginal writes c if its revision is still c.Revision and increases both;
	// storage.ErrConflict when it is not.
	UpdateOriginal(ctx context.Context, c *custody.Original) error
	// Original returns the original of an envelope, with the organizations of its
	// offers; storage.ErrNotFound.
	Original(ctx context.Context, envelopeID string) (*custody.Original, error)
	// OriginalsToCheck returns envelope ids of live copies last checked before t, or
	// postponed to before t, oldest first.
	OriginalsToCheck(ctx context.Context, t time.Time, limit int) ([]string, error)
	// PostponeCheck makes OriginalsToCheck take a live copy for one last checked at t,
	// until its next UpdateOriginal.
	PostponeCheck(ctx context.Context, envelopeID string, t time.Time) error

	// AddVersion; storage.ErrConflict when the number is taken.
	AddVersion(ctx context.Context, v custody.Version) error
	// Versions returns all, first version first.
	Versions(ctx context.Context, copyID string) ([]custody.Version, error)
	// MoveObject makes a version or marked copy name another object with the same
	// bytes; storage.ErrNotFound.
	MoveObject(ctx context.Context, copyID, from, to string) error

	// AddClaims inserts all or none; storage.ErrConflict when a digest is claimed.
	AddClaims(ctx context.Context, claims ...custody.Claim) error
	// AddWitnesses keeps the claims of a deposit a second time: digest, copy and kind.
	// Unlike claims, those of two copies may be on one digest.
	AddWitnesses(ctx context.Context, claims ...custody.Claim) error
	// WitnessesOf returns the witnesses of a copy's claims, by digest.
	WitnessesOf(ctx context.Context, copyID string) ([]custody.Claim, error)
	// Claims returns the claims on any of the digests, by digest. Witnesses, what a
	// copy was deposited as, its versions and its marked copies count as claims, too,
	// so that a deleted claim frees nothing.
	Claims(ctx context.Context, digests ...storage.Digest) ([]custody.Claim, error)
	// ClaimsOf returns the claims of a copy.
	ClaimsOf(ctx context.Context, copyID string) ([]custody.Claim, error)

	// AddAssets keeps what a copy is about. An asset is held by one copy until its
	// FreeAssets, unless shared says that it is not held alone; storage.ErrConflict when
	// another copy holds one.
	AddAssets(ctx context.Context, copyID string, assets []custody.Asset, shared func(custody.Asset) bool) error
	// AssetsOf returns what a copy is about, by kind and value.
	AssetsOf(ctx context.Context, copyID string) ([]custody.Asset, error)
	// FreeAssets lets other copies hold what a copy is about.
	FreeAssets(ctx context.Context, copyID string) error

	// AddRegistered adds a row to the copy register.
	AddRegistered(ctx context.Context, r custody.RegisteredCopy) error
	// Register lists the copies of an envelope after a position, newest first;
	// nil is the beginning.
	Register(ctx context.Context, envelopeID string, after *storage.Place, offset, limit int) ([]custody.RegisteredCopy, error)
	// CountRegister counts the copies of an envelope.
	CountRegister(ctx context.Context, envelopeID string) (int, error)

	// AddCustody; storage.ErrConflict when (CopyID, Seq) is taken.
	AddCustody(ctx context.Context, e custody.Entry) error
	// Custody returns the custody chain, first entry first.
	Custody(ctx context.Context, copyID string) ([]custody.Entry, error)
	// AddAcknowledgment keeps a custodian's acknowledgment.
	AddAcknowledgment(ctx context.Context, a custody.Acknowledgment) error
	// Acknowledgments returns all of a copy, oldest first.
	Acknowledgments(ctx context.Context, copyID string) ([]custody.Acknowledgment, error)

	// AddReceivingCode; storage.ErrConflict when the code is known.
	AddReceivingCode(ctx context.Context, c custody.ReceivingCode) error
	// ReceivingCode returns the code with a digest; storage.ErrNotFound.
	ReceivingCode(ctx context.Context, sha256 storage.Digest) (custody.ReceivingCode, error)
	// UseReceivingCode notes the offer that used a code; storage.ErrUsed when another
	// one did.
	UseReceivingCode(ctx context.Context, sha256 storage.Digest, offerID string) error
	// BatchReceiver returns the code that a batch used; storage.ErrNotFound.
	BatchReceiver(ctx context.Context, batchID string) (custody.ReceivingCode, error)
	// AddOffer; storage.ErrConflict when the id is taken.
	AddOffer(ctx context.Context, o *custody.Offer) error
	// UpdateOffer writes o if its revision is still o.Revision and increases both;
	// storage.ErrConflict when it is not.
	UpdateOffer(ctx context.Context, o *custody.Offer) error
	// Offer returns one offer; storage.ErrNotFound.
	Offer(ctx context.Context, id string) (*custody.Offer, error)
	// OffersOf returns all of a copy, oldest first.
	OffersOf(ctx context.Context, copyID string) ([]custody.Offer, error)
	// OffersTo lists the offers to an organization after a position, newest first; nil
	// is the beginning.
	OffersTo(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]custody.Offer, error)
	// CountOffersTo counts the offers to an organization.
	CountOffersTo(ctx context.Context, orgID string) (int, error)
	// OffersToExpire returns ids of open offers whose ExpiresAt is not after now, oldest
	// expiry first.
	OffersToExpire(ctx context.Context, now time.Time, limit int) ([]string, error)

	// AddTampering; storage.ErrConflict when the object is known as altered.
	AddTampering(ctx context.Context, t custody.Tampering) error
	// EndTampering; storage.ErrNotFound.
	EndTampering(ctx context.Context, object string) error
	// Tamperings returns those of a copy.
	Tamperings(ctx context.Context, copyID string) ([]custody.Tampering, error)

	// AddRelease; storage.ErrConflict when the envelope has one.
	AddRelease(ctx context.Context, r *Release) error
	// UpdateRelease writes r if its revision is still r.Revision and increases
	// both; storage.ErrConflict when it is not.
	UpdateRelease(ctx context.Context, r *Release) error
	// Release returns the release of an envelope; storage.ErrNotFound.
	Release(ctx context.Context, envelopeID string) (*Release, error)
	// ReleasesToPack returns envelope ids of releases without a package that are due
	// at t, longest due first: since their release, or as PostponePackage said.
	ReleasesToPack(ctx context.Context, t time.Time, limit int) ([]string, error)
	// PostponePackage makes a release without a package due at next; any other is no
	// error.
	PostponePackage(ctx context.Context, envelopeID string, next time.Time) error
	// ReleasesToDelete returns envelope ids of acknowledged releases whose
	// DeleteAfter is not after now and whose bytes are not deleted, oldest first.
	ReleasesToDelete(ctx context.Context, now time.Time, limit int) ([]string, error)

	// EventsSince reads the events of a chain that were recorded at t or later, in
	// order.
	EventsSince(ctx context.Context, chainID string, t time.Time) ([]Event, error)
}
