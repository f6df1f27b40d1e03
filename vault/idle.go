package vault

import "context"

// Idle reports whether IntegrityDue, OffersDue and DeleteDue have nothing to do now.
// It reads one row for each and writes nothing.
func (v *Vault) Idle(ctx context.Context) (bool, error) {
	now := v.now()
	due, err := v.c.Store.OriginalsToCheck(ctx, now.Add(-v.c.IntegrityEvery), 1)
	if err != nil || len(due) > 0 {
		return false, err
	}
	due, err = v.c.Store.OffersToExpire(ctx, now, 1)
	if err != nil || len(due) > 0 {
		return false, err
	}
	due, err = v.c.Store.ReleasesToDelete(ctx, now, 1)
	return err == nil && len(due) == 0, err
}
