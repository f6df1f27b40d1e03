package compliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Note records, in the transaction of an event, that the event needs a
// certificate. Repeating it changes nothing.
func (e *Engine) Note(ctx context.Context, tx storage.Tx, d Due) error {
	return e.c.Store.With(tx).InsertDue(ctx, d)
}

// Certify issues the certificate for the event cause: it adds the events to the log, evaluates,
// stores the result and issues the certificate. Each step is idempotent. Of several calls for one
// envelope in this process one does the work and the others wait for it. Errors: those of Issue,
// translog.ErrRewound.
func (e *Engine) Certify(ctx context.Context, envelopeID, cause string, actor event.Actor) error {
	release, err := e.certifying.Acquire(ctx, envelopeID)
	if err != nil {
		return err
	}
	defer release()
	if _, err := e.issued(ctx, envelopeID, cause); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if _, err := e.c.Log.Wait(ctx, cause); err != nil {
		return err
	}
	ev, err := e.gather(ctx, envelopeID)
	if err != nil {
		return err
	}
	r := ev.evaluate()
	if err := e.keep(ctx, ev, r, actor); err != nil {
		return err
	}
	_, err = e.issue(ctx, ev, r, cause)
	return err
}

// CertifyDue certifies at most limit noted events that are due, and returns how
// many it certified. A failed event is tried again after a pause that grows
// from a second to an hour; an error means that a store is unavailable.
func (e *Engine) CertifyDue(ctx context.Context, limit int) (done int, err error) {
	list, err := e.c.Store.DueBefore(ctx, e.now(), limit)
	if err != nil {
		return 0, fmt.Errorf("certificates due: %w", err)
	}
	for _, d := range list {
		err := e.Certify(ctx, d.EnvelopeID, d.CauseID, system)
		if err == nil {
			err = e.c.Store.DeleteDue(ctx, d.CauseID) // the certificate was there already
			done++
		}
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		e.c.Logger.WarnContext(ctx, "compliance: certificate is due", "envelope_id", d.EnvelopeID, "tries", d.Tries+1, "error", err)
		pause := min(time.Second<<min(d.Tries, 12), time.Hour)
		if err := e.c.Store.PostponeDue(ctx, d.CauseID, e.now().Add(pause)); err != nil {
			return done, fmt.Errorf("certificates due: %w", err)
		}
	}
	return done, nil
}
