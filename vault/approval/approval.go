package approval

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
)

// Verb is what a second key approves.
type Verb string

// Verbs that need a second key where an organization requires two.
const (
	Assign  Verb = "assign"  // to offer control: vault.Offer
	Release Verb = "release" // to release the copy: vault.Release
)

// Status is how far a request for approval has come.
type Status string

// Statuses of an approval. All but Pending and Approved are its end.
const (
	Pending   Status = "pending"
	Approved  Status = "approved"  // by another key; the verb may run
	Used      Status = "used"      // the verb has run
	Cancelled Status = "cancelled" // by a key of the organization
	Expired   Status = "expired"   // before the verb has run
)

var (
	// ErrRequired: the organization requires a second key, and the request has no
	// approval.
	ErrRequired = errors.New("approval: a second key of the organization must approve")
	// ErrNotFound: the organization has no such approval.
	ErrNotFound = errors.New("approval: not found")
	// ErrSameKey: who asked cannot approve.
	ErrSameKey = errors.New("approval: who asked cannot approve")
	// ErrEnded: the approval was used or cancelled, or has expired.
	ErrEnded = errors.New("approval: it has ended")
	// ErrPending: no second key has approved yet.
	ErrPending = errors.New("approval: no second key has approved yet")
	// ErrDiffers: the approval is of another request: another verb, envelope, body or key.
	ErrDiffers = errors.New("approval: it is of another request")
	// ErrAltered: the record of the approval contradicts the event chain.
	ErrAltered = errors.New("approval: its record contradicts the event chain")
)

// Approval is one key's request to act on a copy, and the answer of a second key.
type Approval struct {
	ID         string // apr_…
	OrgID      string // who has control, and requires two keys
	EnvelopeID string
	Verb       Verb

	Request       []byte         // what was asked for, JSON as it was received; shown to who approves
	RequestID     string         // recorded with the verb's consent
	RequestSHA256 storage.Digest // that the verb's consent records; the approval is of exactly this request

	AskedBy    event.Actor
	AskedAt    time.Time
	ExpiresAt  time.Time // the verb must have run before
	ApprovedBy *event.Actor
	ApprovedAt *time.Time
	EndedAt    *time.Time // used or cancelled
	Status     Status
	Revision   int64
}

// parties says who may see and answer it: whoever has control of the copy.
func (a *Approval) parties() standing.Parties { return standing.Parties{Controller: a.OrgID} }

// StatusAt is the status at a time: what has not ended by its expiry has expired.
func (a *Approval) StatusAt(now time.Time) Status {
	if (a.Status == Pending || a.Status == Approved) && !now.Before(a.ExpiresAt) {
		return Expired
	}
	return a.Status
}

// Rows is what a verb needs of the store in its own transaction. It is part of
// vault.Store.
type Rows interface {
	event.Store

	// TwoKeys reports whether the organization requires two keys; an unknown
	// organization does not.
	TwoKeys(ctx context.Context, orgID string) (bool, error)
	// Approval returns one approval; storage.ErrNotFound.
	Approval(ctx context.Context, id string) (*Approval, error)
	// UpdateApproval writes a if its revision is still a.Revision and increases both;
	// storage.ErrConflict when it is not.
	UpdateApproval(ctx context.Context, a *Approval) error
	// Events reads an envelope's whole chain, with details.
	Events(ctx context.Context, envelopeID string) ([]event.Event, error)
}

// Store is what the Desk keeps. storage/sqlstore implements it on SQL;
// storage/storagetest holds what every implementation must do.
type Store interface {
	Rows

	// InTx runs fn in one transaction, again when the database asks for it; fn is SQL only.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction that someone else opened.
	With(tx storage.Tx) Store
	// Tx is the open transaction, nil outside of one.
	Tx() storage.Tx

	// AddApproval; storage.ErrConflict when the id is taken.
	AddApproval(ctx context.Context, a *Approval) error
	// Approvals lists those of an organization after a position, newest first; nil is
	// the beginning.
	Approvals(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]Approval, error)
	// CountApprovals counts those of an organization.
	CountApprovals(ctx context.Context, orgID string) (int, error)
}
