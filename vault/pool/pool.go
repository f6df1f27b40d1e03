package pool

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

// MaxContracts is how many contracts a pool has at most.
const MaxContracts = 10_000

// Pool is a named list of contracts.
type Pool struct {
	ID        string // pol_…
	OrgID     string // whose list it is
	Name      string // at most 200 characters
	Count     int    // contracts in it
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int64
}

func (p *Pool) parties() standing.Parties { return standing.Parties{Controller: p.OrgID} }

// Contract is one contract of a pool.
type Contract struct {
	EnvelopeID string
	AddedAt    time.Time
}

// Mode says what one failure means for the other items of a batch.
type Mode string

// Modes of a batch.
const (
	Atomic     Mode = "atomic"      // all or none: of the offers, and of the switches
	BestEffort Mode = "best_effort" // each by itself
)

// Step is what a batch is doing in the background.
type Step string

// Steps of a batch; "" when it waits for somebody or has ended.
const (
	stepOffer  Step = "offer"
	stepAccept Step = "accept"
	stepReject Step = "reject"
	stepCancel Step = "cancel"
)

// Status is how far a batch has come.
type Status string

// Statuses of a batch.
const (
	Running        Status = "running" // in the background
	Offered        Status = "offered" // the receiver may answer
	Accepted       Status = "accepted"
	PartlyAccepted Status = "partly_accepted"
	Rejected       Status = "rejected"
	Cancelled      Status = "cancelled"
	Expired        Status = "expired"
	Failed         Status = "failed" // nothing was offered, or nothing switched
)

// Batch is an offer of a pool to one receiver.
type Batch struct {
	ID, PoolID string // bat_…
	OrgID      string // the offeror
	ToOrgID    string // the receiver
	Assignee   custody.Party

	Mode       Mode
	Purpose    custody.Purpose
	Obligation *custody.Obligation
	Reason     string
	Note       string

	Status    Status
	Step      Step
	StepBy    event.Actor      // who asked for the step
	Total     int              // items
	Done      int              // of them, offered, or, once the batch was answered, ended as answered
	Failed    int              // of them, whose last step failed
	Consent   custody.Consent  // of the offeror
	Answer    *custody.Consent // of who accepted
	Custodian custody.CustodianKind
	CreatedAt time.Time
	UpdatedAt time.Time
	ExpiresAt time.Time
	Revision  int64
}

// Parties returns the organizations with a role in the batch: its offeror and its
// receiver.
func (b *Batch) Parties() standing.Parties {
	return standing.Parties{Controller: b.OrgID, Offeree: b.ToOrgID}
}

// StatusAt is the status at a time: an offer that nobody answered by its expiry has
// expired.
func (b *Batch) StatusAt(now time.Time) Status {
	if b.Status == Offered && !now.Before(b.ExpiresAt) {
		return Expired
	}
	return b.Status
}

// ItemStatus is how far one contract of a batch has come.
type ItemStatus string

// Statuses of an item.
const (
	ItemPending   ItemStatus = "pending"
	ItemOffered   ItemStatus = "offered"
	ItemAccepted  ItemStatus = "accepted"
	ItemRejected  ItemStatus = "rejected"
	ItemCancelled ItemStatus = "cancelled"
	ItemFailed    ItemStatus = "failed"
)

// Item is one contract of a batch.
type Item struct {
	BatchID      string
	N            int // from 1
	EnvelopeID   string
	AssignmentID string // once it was offered
	Status       ItemStatus
	Code, Detail string // of the last failure
}

var (
	// ErrNotFound: the organization has no such pool.
	ErrNotFound = errors.New("pool: not found")
	// ErrBatchNotFound: the organization has no part in such a batch.
	ErrBatchNotFound = errors.New("pool: batch not found")
	// ErrEmpty: the pool has no contract.
	ErrEmpty = errors.New("pool: it is empty")
	// ErrState: the status of the batch does not allow this.
	ErrState = errors.New("pool: the status of the batch does not allow this")
)

// ItemQuery asks for items of a batch.
type ItemQuery struct {
	BatchID string
	Status  ItemStatus // "" is every status
	Offered bool       // only those with an assignment
	After   int        // only those with a greater N
	Limit   int
}

// Store is what the engine keeps. storage/sqlstore implements it on SQL;
// storage/storagetest holds what every implementation must do.
type Store interface {
	event.Store

	// InTx runs fn in one transaction, again when the database asks for it; fn is SQL only.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error
	// With binds the store to a transaction that someone else opened.
	With(tx storage.Tx) Store
	// Tx is the open transaction, nil outside of one.
	Tx() storage.Tx

	// TwoKeys reports whether the organization requires two keys.
	TwoKeys(ctx context.Context, orgID string) (bool, error)

	// AddPool inserts a pool without its contracts; storage.ErrConflict when the id is
	// taken.
	AddPool(ctx context.Context, p *Pool) error
	// UpdatePool writes p if its revision is still p.Revision and increases both;
	// storage.ErrConflict when it is not.
	UpdatePool(ctx context.Context, p *Pool) error
	// Pool returns one pool; storage.ErrNotFound.
	Pool(ctx context.Context, id string) (*Pool, error)
	// Pools lists those of an organization after a place, newest first; nil is the
	// beginning.
	Pools(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]Pool, error)
	// CountPools counts those of an organization.
	CountPools(ctx context.Context, orgID string) (int, error)

	// Controlled returns those of the envelopes whose live copy the organization
	// controls, in any order.
	Controlled(ctx context.Context, orgID string, envelopeIDs []string) ([]string, error)
	// AddContracts adds those that are not in the pool yet, and returns how many they are.
	AddContracts(ctx context.Context, poolID string, envelopeIDs []string, at time.Time) (int, error)
	// RemoveContracts takes those out that are in the pool, and returns how many they are.
	RemoveContracts(ctx context.Context, poolID string, envelopeIDs []string) (int, error)
	// Contracts lists those of a pool after a place, newest first; nil is the beginning.
	Contracts(ctx context.Context, poolID string, after *storage.Place, offset, limit int) ([]Contract, error)

	// AddBatch inserts a batch whose items are the contracts of its pool, numbered from 1
	// in the order of their ids and pending, and returns how many they are.
	AddBatch(ctx context.Context, b *Batch) (int, error)
	// UpdateBatch writes b if its revision is still b.Revision and increases both;
	// storage.ErrConflict when it is not.
	UpdateBatch(ctx context.Context, b *Batch) error
	// Batch returns one batch, without Done and Failed; storage.ErrNotFound.
	Batch(ctx context.Context, id string) (*Batch, error)
	// BatchesDue returns ids of batches with a step, longest waiting first.
	BatchesDue(ctx context.Context, limit int) ([]string, error)
	// Items returns items of a batch, in order.
	Items(ctx context.Context, q ItemQuery) ([]Item, error)
	// CountItems counts the items of a batch by status.
	CountItems(ctx context.Context, batchID string) (map[ItemStatus]int, error)
	// UpdateItem writes an item if its status is still from; storage.ErrUsed when it is
	// not.
	UpdateItem(ctx context.Context, i Item, from ItemStatus) error
	// ResetItems gives the failed items of a batch that have an assignment, or those
	// that have none, another status, and returns how many.
	ResetItems(ctx context.Context, batchID string, assigned bool, to ItemStatus) (int, error)
}
