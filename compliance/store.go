package compliance

import (
	"context"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Store keeps evaluations, certificates and the work that a crash may leave.
type Store interface {
	event.Store

	// InTx runs fn in one transaction, again when the database asks for that; fn
	// holds SQL only.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction that someone else opened.
	With(tx storage.Tx) Store
	// Tx is the transaction the store is bound to, or nil.
	Tx() storage.Tx

	// LastEvaluation returns the newest evaluation; storage.ErrNotFound.
	LastEvaluation(ctx context.Context, envelopeID string) (StoredEvaluation, error)
	// EvaluationsDue returns ids of envelopes whose newest evaluation has a DueAt
	// that is not after now, oldest first.
	EvaluationsDue(ctx context.Context, now time.Time, limit int) ([]string, error)
	// ExpireEvaluation makes the newest evaluation due at the time; without one it
	// does nothing.
	ExpireEvaluation(ctx context.Context, envelopeID string, at time.Time) error
	// PutEvaluation replaces before by e; storage.ErrConflict when the newest
	// evaluation of the envelope is not before, or, with nil, when there is one.
	PutEvaluation(ctx context.Context, e StoredEvaluation, before *StoredEvaluation) error

	// InsertCertificate returns storage.ErrConflict when the envelope has a
	// certificate of this serial or of this cause, or the id is taken.
	InsertCertificate(ctx context.Context, c StoredCertificate) error
	// CertificateBySerial returns storage.ErrNotFound when there is none; serial 0
	// is the newest.
	CertificateBySerial(ctx context.Context, envelopeID string, serial int) (StoredCertificate, error)
	// CertificateByCause returns storage.ErrNotFound when there is none.
	CertificateByCause(ctx context.Context, envelopeID, causeID string) (StoredCertificate, error)
	// CertificateByID returns storage.ErrNotFound when there is none.
	CertificateByID(ctx context.Context, id string) (StoredCertificate, error)
	// Certificates returns all of an envelope, by serial.
	Certificates(ctx context.Context, envelopeID string) ([]StoredCertificate, error)

	// InsertDue notes that an event asks for a certificate. Noting it again is
	// harmless.
	InsertDue(ctx context.Context, d Due) error
	// DueBefore returns at most limit notes of certificates whose NextTry is not
	// after now, oldest first.
	DueBefore(ctx context.Context, now time.Time, limit int) ([]Due, error)
	// DueOf returns the notes of one envelope, oldest first.
	DueOf(ctx context.Context, envelopeID string) ([]Due, error)
	// PostponeDue moves the next try and counts it.
	PostponeDue(ctx context.Context, causeID string, next time.Time) error
	// DeleteDue forgets a note whose work is done; one that is gone is no error.
	DeleteDue(ctx context.Context, causeID string) error
}

// StoredEvaluation is an evaluation as a Store keeps it. Result is the JSON of
// Result; Digest that of what was found, without the time: equal digests mean the
// same result.
type StoredEvaluation struct {
	EnvelopeID  string
	EvaluatedAt time.Time
	Compliant   *bool
	Score       *int
	Digest      storage.Digest
	Result      []byte
	DueAt       *time.Time // when it is out of date; nil for what is not vaulted
}

// StoredCertificate is a certificate as a Store keeps it.
type StoredCertificate struct {
	ID         string
	EnvelopeID string
	Serial     int
	CauseID    string // event id
	IssuedAt   time.Time
	SHA256     storage.Digest // of JWS
	JWS        string
}

// Due is a certificate that an event asks for; CauseType is that event's type. NextTry
// is when CertifyDue issues it first, so that the call that made the event may do it
// before.
type Due struct {
	CauseID    string
	CauseType  string
	EnvelopeID string
	OrgID      string
	CreatedAt  time.Time
	NextTry    time.Time
	Tries      int
}
