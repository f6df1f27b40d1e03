package storage

import (
	"context"
	"errors"
	"time"
)

// Retry runs fn until it returns something other than ErrConflict, at most 12
// times, with increasing pauses.
func Retry(ctx context.Context, fn func() error) error {
	const tries = 12
	for try := 1; ; try++ {
		err := fn()
		if !errors.Is(err, ErrConflict) || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * 2 * time.Millisecond):
		}
	}
}
