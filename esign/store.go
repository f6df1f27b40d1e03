package esign

import (
	"context"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Store keeps the engine's records. storage/sqlstore implements it on SQL;
// storage/storagetest tests the requirements for every implementation. Errors
// of a failing backend wrap storage.ErrUnavailable.
type Store interface {
	event.Store

	// InTx runs fn in one transaction, and again if the database requires a
	// retry; fn may only execute SQL. In a Store made by With, fn runs once.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction opened by the caller.
	With(tx storage.Tx) Store
	// Tx is the open transaction, nil outside of one.
	Tx() storage.Tx

	// LinkBlob gives a staged object its owner; storage.ErrBlobCondemned,
	// storage.ErrNotFound.
	LinkBlob(ctx context.Context, name string, at time.Time) error
	// UnlinkBlob takes the owner away.
	UnlinkBlob(ctx context.Context, name string, at time.Time) error

	// CreateEnvelope inserts all of e; storage.ErrConflict when another envelope of the
	// organization, whose status is no end without completion, has e.ExternalID.
	CreateEnvelope(ctx context.Context, e *Envelope) error
	// Envelope reads all of an envelope; storage.ErrNotFound.
	Envelope(ctx context.Context, envelopeID string) (*Envelope, error)
	// EnvelopeOfSigner reads the envelope with that signer; storage.ErrNotFound.
	EnvelopeOfSigner(ctx context.Context, signerID string) (*Envelope, error)
	// EnvelopeByExternalID returns the id of the envelope that CreateEnvelope would
	// conflict with; storage.ErrNotFound.
	EnvelopeByExternalID(ctx context.Context, orgID, externalID string) (string, error)
	// UpdateEnvelope writes the row of e (Summary without Compliant and EvaluatedAt,
	// and the seal's retry state, not what else hangs on it) if its revision is
	// still e.Revision, and increases that; storage.ErrConflict when it is not.
	UpdateEnvelope(ctx context.Context, e *Envelope) error
	// SetEvaluation writes Compliant, and EvaluatedAt unless at is nil, of an envelope
	// that still has the status; storage.ErrConflict when it has not. Neither its
	// revision nor UpdatedAt changes.
	SetEvaluation(ctx context.Context, envelopeID string, status Status, compliant *bool, at *time.Time) error
	// MarkDisclosed sets LinkDisclosedAt of signers that have none.
	MarkDisclosed(ctx context.Context, envelopeID string, at time.Time, signerIDs ...string) error
	// UpdateSigners writes whole signers, but for LinkDisclosedAt.
	UpdateSigners(ctx context.Context, envelopeID string, signers ...Signer) error
	// SetValues writes the values of fields.
	SetValues(ctx context.Context, envelopeID string, fields ...Field) error
	// AddShowing records what a signer was handed: one row for each Page, with
	// the newest Part and the time of its first hand-out.
	AddShowing(ctx context.Context, signerID string, of Showing) error
	// Showings returns what a signer was handed, by page.
	Showings(ctx context.Context, signerID string) ([]Showing, error)
	// ForgetShowings deletes what a signer was handed.
	ForgetShowings(ctx context.Context, signerID string) error
	// PutDocument inserts or replaces the document of an envelope.
	PutDocument(ctx context.Context, envelopeID string, d *Document) error
	// ForgetObjects makes document and parts of an envelope name no object any more;
	// digests and sizes stay.
	ForgetObjects(ctx context.Context, envelopeID string) error
	// AddPart inserts a part; storage.ErrConflict when its Seq is taken.
	AddPart(ctx context.Context, envelopeID string, p Part) error
	// AddSignerCopy inserts a copy; storage.ErrConflict when its state has one.
	AddSignerCopy(ctx context.Context, c SignerCopy) error
	// SignerCopies returns the copies of an envelope, oldest first.
	SignerCopies(ctx context.Context, envelopeID string) ([]SignerCopy, error)
	// IsSignerCopy reports whether a copy of any envelope has this digest.
	IsSignerCopy(ctx context.Context, sha256 storage.Digest) (bool, error)

	// Status reads the envelope's row by its key; storage.ErrNotFound.
	Status(ctx context.Context, envelopeID string) (*Summary, error)
	// Envelopes returns the envelopes to which the organization's standing allows
	// standing.SeeEnvelope, newest first, after skipping offset of them. A Filter.Status is judged as of f.Now.
	Envelopes(ctx context.Context, orgID string, f Filter, offset, limit int) ([]Summary, error)
	// CountEnvelopes counts what Envelopes would return without f.After.
	CountEnvelopes(ctx context.Context, orgID string, f Filter) (int, error)
	// Due returns ids, oldest first: with StatusSigned envelopes whose SealAfter
	// has come or is nil, with StatusExpired sent or viewed ones whose ExpiresAt has.
	Due(ctx context.Context, s Status, now time.Time, limit int) ([]string, error)
	// RemindersDue returns the ids of envelopes with signers whose RemindAt has come,
	// each once.
	RemindersDue(ctx context.Context, now time.Time, limit int) ([]string, error)
	// Events reads an envelope's chain after seq, at most limit, with details.
	Events(ctx context.Context, envelopeID string, after int64, limit int) ([]Event, error)

	// AddNotices queues notices.
	AddNotices(ctx context.Context, n ...QueuedNotice) error
	// TakeNotices returns due notices, oldest first, and moves their next try to
	// until and their Tries one up, so that no other replica takes them before.
	TakeNotices(ctx context.Context, now, until time.Time, limit int) ([]QueuedNotice, error)
	// NoticesWait reports whether TakeNotices would return any at now.
	NoticesWait(ctx context.Context, now time.Time) (bool, error)
	// PostponeNotice moves a notice's next try.
	PostponeNotice(ctx context.Context, id string, next time.Time) error
	// CloseNotice removes a notice that was sent or is given up.
	CloseNotice(ctx context.Context, id string) error
}

// Filter restricts a list; zero fields do not.
type Filter struct {
	Status                      Status
	CustomerID, ExternalID      string
	Kind                        string
	CreatedAfter, CreatedBefore *time.Time // both exclusive

	Now   time.Time // set by the engine
	After *Position // set by the engine: only what comes after it in the list
}

// Position is a place in the list of envelopes.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// QueuedNotice is a notice waiting for the Notifier. It names the signer and contains no link.
type QueuedNotice struct {
	ID, EnvelopeID, SignerID string
	Kind                     string // see the Notice constants
	Message                  string
	CreatedAt, NextTry       time.Time
	Tries                    int
}
