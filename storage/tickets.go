package storage

import (
	"context"
	"time"
)

// Ticket is the row of a signed download URL.
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
	// Take marks a single-use ticket as used. It succeeds once over all
	// replicas; otherwise the error is ErrUsed.
	Take(ctx context.Context, tx Tx, id string, at time.Time) error
	// Forget deletes tickets that expired before t, at most limit rows.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}
