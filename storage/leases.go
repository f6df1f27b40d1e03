package storage

import (
	"context"
	"time"
)

// Leases saves work: only one replica does a job at a time. It decides nothing;
// compare-and-set and unique keys do.
type Leases interface {
	// Acquire takes or extends the lease for holder until now+ttl, or returns false.
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	Release(ctx context.Context, name, holder string) error
}
