package storage

import "errors"

var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("storage: not found")
	// ErrConflict: another transaction was first (a unique key, a sequence
	// number, a compare-and-set). The engines retry; a caller sees it only when
	// all retries failed.
	ErrConflict = errors.New("storage: conflict")
	// ErrRetry: inside a host's own transaction nothing is retried; the host
	// should run its whole transaction again.
	ErrRetry = errors.New("storage: run the transaction again")
	// ErrUnavailable: the database or the blob store is unavailable.
	ErrUnavailable = errors.New("storage: unavailable")
	// ErrSchema: the database schema is older than this build needs.
	ErrSchema = errors.New("storage: schema too old, run Migrate")
	// ErrBlobMissing: the blob store has no object of this name.
	ErrBlobMissing = errors.New("storage: no such object")
	// ErrBlobCondemned: the object was staged for too long and is being
	// deleted; write it again under a new owner.
	ErrBlobCondemned = errors.New("storage: object is condemned")
	// ErrDigest: bytes read back do not have the recorded digest.
	ErrDigest = errors.New("storage: digest mismatch")
	// ErrUsed: a single-use ticket was used before.
	ErrUsed = errors.New("storage: already used")
	// ErrInProgress: a request with the same idempotency key is still running.
	ErrInProgress = errors.New("storage: request in progress")
	// ErrTooMany: a scope has reached its daily limit of new idempotency keys.
	ErrTooMany = errors.New("storage: too many idempotency keys")
	// ErrMismatch: an idempotency key was used with another request.
	ErrMismatch = errors.New("storage: idempotency key used with another request")
)
