package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/custody"
)

// DeleteDue marks for deletion the bytes of acknowledged releases whose grace
// period has passed: every version, the deposited bytes, the package, and the
// objects of Config.Disposed. The tombstone stays (ids, digests, times,
// statements, events with their details, certificates), and so do the marked
// copies, which say on each page that they are not the original.
//
// The event of the acknowledgment decides, not the row: a release is never
// deleted without an acknowledgment, before the grace period after that event
// has passed, or while a legal hold is on it. A release that cannot be deleted
// is logged and does not delay others. DeleteDue returns how many releases it
// deleted. translog.ErrRewound: a rewound database deletes nothing.
func (v *Vault) DeleteDue(ctx context.Context, limit int) (done int, err error) {
	ids, err := v.c.Store.ReleasesToDelete(ctx, v.now(), limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return 0, fmt.Errorf("delete: %w", err)
	}
	for _, id := range ids {
		var ended bool
		err := v.update(ctx, func(ctx context.Context, s Store) (err error) {
			ended, err = v.dispose(ctx, s, id)
			return err
		})
		if ctx.Err() != nil {
			return done, ctx.Err()
		}
		switch {
		case err != nil:
			v.log.ErrorContext(ctx, "vault: a released copy could not be deleted", "envelope_id", id, "error", err)
		case ended:
			done++
		}
	}
	return done, nil
}

// dispose gives up the bytes of one release, in a transaction; ended is false for
// a release that its events do not allow to be deleted yet.
func (v *Vault) dispose(ctx context.Context, s Store, envelopeID string) (ended bool, err error) {
	rel, err := s.Release(ctx, envelopeID)
	if err != nil || rel.DeletedAt != nil {
		return false, err
	}
	c, err := s.Original(ctx, envelopeID) // before the holds, which change it
	if err != nil {
		return false, err
	}
	events, err := s.Events(ctx, envelopeID)
	if err != nil {
		return false, err
	}
	now := v.now()
	switch after, err := deleteAfter(rel.ReleaseID, envelopeID, events); {
	case err != nil:
		return false, err
	case len(open(holdsOf(events))) > 0:
		rel.DeleteAfter = nil // until the last hold is lifted
		return false, s.UpdateRelease(ctx, rel)
	case after == nil || after.After(now):
		v.log.ErrorContext(ctx, "vault: a release's row names an earlier deletion than its events", "envelope_id", envelopeID)
		rel.DeleteAfter = after // the true one, so that the release is not due again before
		return false, s.UpdateRelease(ctx, rel)
	}
	if err := v.giveUpObjects(ctx, s, c, rel, now); err != nil {
		return false, err
	}
	rel.DeletedAt = &now
	if err := s.UpdateRelease(ctx, rel); err != nil {
		return false, err
	}
	if v.c.Disposed == nil {
		return true, nil
	}
	return true, v.c.Disposed(ctx, s.Tx(), envelopeID)
}

// deleteAfter is when the chain of events allows the deletion of a release: the
// end of the grace after its acknowledgment, nil without one.
func deleteAfter(releaseID, envelopeID string, events []event.Event) (*time.Time, error) {
	if _, err := event.Verify(envelopeID, events); err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Type != event.VaultAcknowledged {
			continue
		}
		if a := event.DataOf[event.ReleaseAcknowledgedData](e); a.ReleaseID == releaseID {
			after := e.RecordedAt.Add(time.Duration(a.DeleteGraceSeconds) * time.Second)
			return &after, nil
		}
	}
	return nil, nil
}

// giveUpObjects makes the rows of a release name no object any more, and gives
// what they named to the sweep.
func (v *Vault) giveUpObjects(ctx context.Context, s Store, c *custody.Original, rel *Release, at time.Time) error {
	versions, err := s.Versions(ctx, c.CopyID)
	if err != nil {
		return err
	}
	names := []string{c.Source.Object.Name}
	if rel.Package != nil {
		names = append(names, rel.Package.Name)
		rel.Package.Name = ""
	}
	for _, x := range versions {
		names = append(names, x.Object.Name)
		if err := s.MoveObject(ctx, c.CopyID, x.Object.Name, ""); err != nil {
			return err
		}
	}
	c.Source.Object.Name = ""
	if err := s.UpdateOriginal(ctx, c); err != nil {
		return err
	}
	for _, name := range names {
		// A source that its own engine gave up already has no row to unlink.
		if err := s.UnlinkBlob(ctx, name, at); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return nil
}
