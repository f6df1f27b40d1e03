package esign

import (
	"context"
	"fmt"
)

// Idle reports whether NotifyDue, RemindDue, SealDue and ExpireDue have nothing
// to do now. It reads one row for each and writes nothing, so that a host can
// avoid taking a lease.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	now := e.now()
	for _, status := range []Status{StatusSigned, StatusExpired} {
		if due, err := e.cfg.Store.Due(ctx, status, now, 1); err != nil || len(due) > 0 {
			return false, wrapIdle(err)
		}
	}
	if e.cfg.Notifier == nil {
		return true, nil
	}
	if due, err := e.cfg.Store.RemindersDue(ctx, now, 1); err != nil || len(due) > 0 {
		return false, wrapIdle(err)
	}
	waits, err := e.cfg.Store.NoticesWait(ctx, now)
	return !waits && err == nil, wrapIdle(err)
}

func wrapIdle(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("due work: %w", err)
}
