package storage

import (
	"context"
	"time"
)

// Counters counts failed attempts to guess a secret, over all replicas.
type Counters interface {
	// Add adds n to the counter name in the window that starts at start and
	// returns the sum.
	Add(ctx context.Context, name string, start time.Time, n int) (int, error)
	// Forget deletes windows that started before t, at most limit rows.
	Forget(ctx context.Context, before time.Time, limit int) (int, error)
}
