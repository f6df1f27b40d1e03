package storage

import (
	"context"
	"time"
)

// Leases saves work: only one replica does a job at a time. Correctness does
// not depend on it; compare-and-set and unique keys ensure that.
type Leases interface {
	// Acquire takes or extends the lease for holder until now+ttl, or returns false.
	Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	Release(ctx context.Context, name, holder string) error
}
