package translog

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of the tree: SHA-256, written in base64.
type Hash = tlog.Hash

// Head is the state of the tree in the database. The zero Head is that of a
// log that was never integrated.
type Head struct {
	Epoch  int // number of adoptions
	Origin string
	Size   int64
	Root   Hash
	Prev   int64 // size of the head before this one
}

// Leaf is an event that waits for its index.
type Leaf struct {
	EventID   string
	Canonical []byte
}

// Entry is an event of the log. Index is -1 while it is pending.
type Entry struct {
	EventID    string
	Type       string
	RecordedAt time.Time
	Canonical  []byte
	Index      int64
}

// LeafHash returns the entry's leaf of the tree.
func (e Entry) LeafHash() Hash { return tlog.RecordHash(e.Canonical) }

// Adoption records that the log was continued after its database was rewound.
type Adoption struct {
	Epoch     int
	Origin    string // the new one
	Note      string // signed; format in adopt.go
	AdoptedAt time.Time
}

// Store keeps the log's records in SQL. It may grow until v1.
type Store interface {
	// InTx runs fn in one transaction; fn may only execute SQL, and may run again.
	InTx(ctx context.Context, fn func(ctx context.Context, s Store) error) error

	// Head returns the zero Head when there is none.
	Head(ctx context.Context) (Head, error)
	// Advance replaces the head from with to; storage.ErrConflict when from is not the head.
	Advance(ctx context.Context, from, to Head) error

	// Hashes returns the stored hashes at indexes, in their order;
	// storage.ErrNotFound when one is missing.
	Hashes(ctx context.Context, indexes []int64) ([]Hash, error)
	// AddHashes stores hashes at first, first+1, …; storage.ErrConflict when one is there.
	AddHashes(ctx context.Context, first int64, hashes []Hash) error

	// Unsequenced returns events without an index, by recorded_at and event id.
	Unsequenced(ctx context.Context, limit int) ([]Leaf, error)
	// Sequence gives the events the indexes first, first+1, …; storage.ErrConflict
	// when one of them has an index.
	Sequence(ctx context.Context, first int64, eventIDs []string) error
	// Entry returns one event; storage.ErrNotFound.
	Entry(ctx context.Context, eventID string) (Entry, error)

	// Before returns the event with the greatest index below index; storage.ErrNotFound.
	Before(ctx context.Context, index int64) (Entry, error)
	// Sequenced counts the events whose index is below index.
	Sequenced(ctx context.Context, index int64) (int64, error)

	// Checkpoint returns the newest checkpoint of an epoch; storage.ErrNotFound.
	Checkpoint(ctx context.Context, epoch int) (Checkpoint, error)
	// AddCheckpoint keeps c; adding the same size of the same epoch again is harmless.
	AddCheckpoint(ctx context.Context, epoch int, c Checkpoint, at time.Time) error

	// AddAdoption keeps a; storage.ErrConflict when its epoch is there.
	AddAdoption(ctx context.Context, a Adoption) error
	// Adoptions returns all, in order of epoch.
	Adoptions(ctx context.Context) ([]Adoption, error)
}
