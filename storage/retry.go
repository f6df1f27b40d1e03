package storage

import (
	"context"
	"errors"
	"time"
)

// Retry runs fn, at most 12 times, until it returns something else than
// ErrConflict: another transaction was first, and the next look may find a
// place. It pauses a little longer each time.
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
