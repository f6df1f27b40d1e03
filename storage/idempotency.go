package storage

import (
	"context"
	"time"
)

// Answer is the stored first response to a request with an idempotency key. It contains no secret.
type Answer struct {
	Status int
	Header map[string]string
	Body   []byte
	// Provisional: the effect is durable, but the request has not ended.
	Provisional bool
}

// Claim is a request with an idempotency key. Scope is the organization or the
// signer; Request is the digest of method, path and decoded body.
type Claim struct {
	Scope, Key string
	Request    Digest
	Holder     string // who runs it
	LeaseUntil time.Time
	KeepUntil  time.Time // zero: for ever
	// Most is the limit of new keys of Scope in one day of UTC. Zero: no limit.
	Most int
}

// Idempotency stores first responses.
type Idempotency interface {
	// Claim starts a request. It returns the stored answer when there is one, ErrMismatch when the
	// key was used with another request, ErrInProgress while another holder's lease runs. An
	// expired lease is taken over; an answer that is then returned is provisional, and the new
	// holder continues the request. ErrTooMany when the key is new and Scope already has Most new
	// keys today.
	Claim(ctx context.Context, c Claim, now time.Time) (*Answer, error)
	// Finish stores the answer; with tx inside that transaction, with nil in its own.
	// A provisional one may be followed by another.
	Finish(ctx context.Context, tx Tx, c Claim, a Answer) error
	// Abandon forgets a claim that had no effect, and ends the lease of one whose
	// answer is provisional.
	Abandon(ctx context.Context, c Claim) error
	// Forget deletes rows whose KeepUntil has passed, at most limit.
	Forget(ctx context.Context, now time.Time, limit int) (int, error)
}
