package storage

import (
	"context"
	"io"
	"time"
)

// Tx is one open SQL transaction, made by a backend and handed through the
// engines to callbacks (each verb's Also), so that a host or httpapi can write
// a row of its own together with an effect. Only the backend that made it
// looks inside.
type Tx interface{ StorageTx() }

// Blobs keeps immutable objects under names of the form
// <kind>/<owner id>/<sha256>.
//
// Put returns after the object is durable. Writing the same name again with
// the same bytes is harmless. Open returns ErrBlobMissing when there is no such
// object; Delete of a missing object is no error. Every other failure wraps
// ErrUnavailable.
type Blobs interface {
	Put(ctx context.Context, name string, content []byte) error
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	Delete(ctx context.Context, name string) error
}

// Object names bytes in Blobs.
type Object struct {
	Name   string
	SHA256 Digest
	Size   int64
}

// Page asks for one page of a list: by number (Number counts from 1) or, when
// Cursor is not "", by the cursor that an earlier page returned.
type Page struct {
	Number int
	Limit  int
	Cursor string
}

// List is one page of a list. Total is -1 when the page was asked by cursor;
// Next is "" on the last page.
type List[T any] struct {
	Items []T
	Total int
	Next  string
}

// Leases saves work: only one replica does a job at a time. It decides nothing;
// compare-and-set and unique keys do.
type Leases interface {
	// Acquire takes or extends the lease for holder until now+ttl, or returns false.
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	Release(ctx context.Context, name, holder string) error
}

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

// Ticket is a signed download URL's row.
type Ticket struct {
	ID         string
	Kind       string // what it opens: "authoritative", "copy", "package"
	EnvelopeID string
	OrgID      string
	KeyID      string
	Target     string // copy, marked copy or release id
	Version    int
	SingleUse  bool
	Filename   string
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     *time.Time
}

// Tickets keeps download tickets.
type Tickets interface {
	// Issue stores t; with tx inside that transaction, with nil in its own.
	Issue(ctx context.Context, tx Tx, t Ticket) error
	// Ticket returns ErrNotFound when there is none.
	Ticket(ctx context.Context, id string) (Ticket, error)
	// Take marks a single-use ticket used, once over all replicas: ErrUsed else.
	Take(ctx context.Context, tx Tx, id string, at time.Time) error
	// Forget deletes tickets that expired before t, at most limit rows.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}

// Counters counts attempts that guard a secret, over all replicas.
type Counters interface {
	// Add adds n to the counter name in the window that starts at start and
	// returns the sum.
	Add(ctx context.Context, name string, start time.Time, n int) (int, error)
	// Forget deletes windows that started before t, at most limit rows.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}
