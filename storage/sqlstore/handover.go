package sqlstore

import (
	"context"
	"time"

	"github.com/evaultlib/evault/compliance/handover"
)

type handoverStore struct{ session }

// Handover returns the store of envelopes that are to be vaulted without a request.
func (d *DB) Handover() handover.Store { return handoverStore{d.session()} }

func (s handoverStore) AutoVaultDue(ctx context.Context, now time.Time, limit int) ([]handover.Waiting, error) {
	var rs []struct {
		OrgID, EnvelopeID string
		CompletedAt       time.Time
	}
	err := s.idb.NewSelect().TableExpr("evault_envelopes").Column("org_id", "envelope_id", "completed_at").
		Where("vault_due_at <= ?", utc(now)).OrderExpr("vault_due_at, envelope_id").Limit(int64(limit)).Scan(ctx, &rs)
	if err != nil {
		return nil, mapErr(err)
	}
	list := make([]handover.Waiting, len(rs))
	for i, r := range rs {
		list[i] = handover.Waiting{OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Since: utc(r.CompletedAt)}
	}
	return list, nil
}

func (s handoverStore) PostponeVault(ctx context.Context, envelopeID string, next time.Time) error {
	_, err := s.idb.NewUpdate().TableExpr("evault_envelopes").Set("vault_due_at = ?", utc(next)).
		Where("envelope_id = ?", envelopeID).Where("vault_due_at IS NOT NULL").Exec(ctx)
	return mapErr(err)
}
