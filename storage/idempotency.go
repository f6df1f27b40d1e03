package storage

import (
	"context"
	"time"
)

// Answer is the stored first answer to a request with an idempotency key. It
// holds no secret.
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
	// Most is how many keys of Scope may be new on one day of UTC. Zero: any number.
	Most int
}

// Idempotency remembers first answers.
type Idempotency interface {
	// Claim starts a request. It returns the stored answer when there is one,
	// ErrMismatch when the key was used with another request, ErrInProgress while
	// another holder's lease runs. An expired lease is taken over; an answer that is
	// returned then is provisional, and the new holder goes on. ErrTooMany when the
	// key is new and Scope has had Most new ones today.
	Claim(ctx context.Context, c Claim, now time.Time) (*Answer, error)
	// Finish stores the answer; with tx inside that transaction, with nil in its own.
	// A provisional one may be followed by another.
	Finish(ctx context.Context, tx Tx, c Claim, a Answer) error
	// Abandon forgets a claim that had no effect, and ends the lease of one whose
	// answer is provisional.
	Abandon(ctx context.Context, c Claim) error
	// Forget deletes what KeepUntil has passed, at most limit rows.
	Forget(ctx context.Context, now time.Time, limit int) (int, error)
}
