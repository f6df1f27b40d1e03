package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// Vault returns the vault's store.
func (d *DB) Vault() vault.Store { return vaultStore{d.session()} }

type vaultStore struct{ session }

func (s vaultStore) InTx(ctx context.Context, fn func(ctx context.Context, s vault.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, vaultStore{s}) })
}

func (s vaultStore) With(tx storage.Tx) vault.Store { return vaultStore{s.with(tx)} }

func (s vaultStore) InsertOriginal(ctx context.Context, c *custody.Original) error {
	r, err := copyToRow(c)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s vaultStore) UpdateOriginal(ctx context.Context, c *custody.Original) error {
	r, err := copyToRow(c)
	if err != nil {
		return err
	}
	r.Revision++
	if err := change(ctx, s.idb.NewUpdate().Model(r).WherePK().Where("revision = ?", c.Revision), storage.ErrConflict); err != nil {
		return err
	}
	c.Revision++
	return nil
}

// Original reads a copy with what its row names. A row that is gone does not hide the
// copy: the checks of compliance find that it is missing.
func (s vaultStore) Original(ctx context.Context, envelopeID string) (*custody.Original, error) {
	var r copyRow
	if err := s.find(ctx, &r, "envelope_id = ?", "", envelopeID); err != nil {
		return nil, err
	}
	c, err := r.copy()
	if err != nil {
		return nil, err
	}
	if r.MarkedID != nil {
		var m registeredRow
		switch err := s.find(ctx, &m, "id = ?", "", *r.MarkedID); {
		case err == nil:
			marked, _ := m.registered()
			c.Marked = &marked
		case !errors.Is(err, storage.ErrNotFound):
			return nil, err
		}
	}
	if r.AcknowledgmentID != nil {
		var a acknowledgmentRow
		switch err := s.find(ctx, &a, "acknowledgment_id = ?", "", *r.AcknowledgmentID); {
		case err == nil:
			ack, _ := a.acknowledgment()
			c.Acknowledgment = &ack
		case !errors.Is(err, storage.ErrNotFound):
			return nil, err
		}
	}
	return c, s.parties(ctx, c)
}

func (s vaultStore) OriginalsToCheck(ctx context.Context, t time.Time, limit int) ([]string, error) {
	return ids(ctx, s.idb.NewSelect().Model((*copyRow)(nil)).Column("envelope_id").
		Where("check_from < ?", utc(t)).OrderExpr("check_from, envelope_id"), limit)
}

func (s vaultStore) PostponeCheck(ctx context.Context, envelopeID string, t time.Time) error {
	_, err := s.idb.NewUpdate().Model((*copyRow)(nil)).Set("check_from = ?", utc(t)).
		Where("envelope_id = ?", envelopeID).Where("check_from IS NOT NULL").Exec(ctx)
	return mapErr(err)
}

func (s vaultStore) AddVersion(ctx context.Context, v custody.Version) error {
	r, err := versionToRow(v)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s vaultStore) Versions(ctx context.Context, copyID string) ([]custody.Version, error) {
	var rs []versionRow
	if err := s.find(ctx, &rs, "copy_id = ?", "version", copyID); err != nil {
		return nil, err
	}
	out := make([]custody.Version, len(rs))
	for i := range rs {
		var err error
		if out[i], err = rs[i].version(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s vaultStore) MoveObject(ctx context.Context, copyID, from, to string) error {
	for _, model := range []any{(*versionRow)(nil), (*registeredRow)(nil)} {
		err := change(ctx, s.idb.NewUpdate().Model(model).Set("object = ?", to).Where("copy_id = ?", copyID).Where("object = ?", from), storage.ErrNotFound)
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return storage.ErrNotFound
}

func (s vaultStore) AddClaims(ctx context.Context, claims ...custody.Claim) error {
	if len(claims) == 0 {
		return nil
	}
	rs := make([]claimRow, len(claims))
	for i, c := range claims {
		rs[i] = claimRow{SHA256: string(c.SHA256), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: string(c.Kind), Version: c.Version, ClaimedAt: utc(c.ClaimedAt)}
	}
	return s.put(ctx, &rs)
}

func (s vaultStore) AddWitnesses(ctx context.Context, claims ...custody.Claim) error {
	if len(claims) == 0 {
		return nil
	}
	rs := make([]witnessRow, len(claims))
	for i, c := range claims {
		rs[i] = witnessRow{CopyID: c.CopyID, SHA256: string(c.SHA256), Kind: string(c.Kind)}
	}
	return s.put(ctx, &rs)
}

func (s vaultStore) ClaimsOf(ctx context.Context, copyID string) ([]custody.Claim, error) {
	return scan(ctx, s.session, claimRow.claim, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("claimed_at, sha256")
	})
}

func (s vaultStore) AddRegistered(ctx context.Context, r custody.RegisteredCopy) error {
	return s.put(ctx, &registeredRow{
		ID: r.ID, CopyID: r.CopyID, EnvelopeID: r.EnvelopeID, Kind: string(r.Kind), Version: r.Version, SHA256: string(r.SHA256), Size: r.Size,
		Object: r.Object.Name, MadeAt: utc(r.MadeAt), GivenToKind: r.GivenTo.Kind, GivenToID: r.GivenTo.ID, GivenToOrg: r.GivenTo.OrgID, EventID: r.EventID,
	})
}

func (s vaultStore) Register(ctx context.Context, envelopeID string, after *storage.Place, offset, limit int) ([]custody.RegisteredCopy, error) {
	return scan(ctx, s.session, registeredRow.registered, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("envelope_id = ?", envelopeID)
		if after != nil {
			at := utc(after.At)
			q = q.Where("(made_at < ? OR (made_at = ? AND id < ?))", at, at, after.ID).Where("made_at <= ?", at)
		}
		return q.OrderExpr("made_at DESC, id DESC").Offset(int64(offset)).Limit(int64(limit))
	})
}

func (s vaultStore) CountRegister(ctx context.Context, envelopeID string) (int, error) {
	n, err := s.idb.NewSelect().Model((*registeredRow)(nil)).Where("envelope_id = ?", envelopeID).Count(ctx)
	return int(n), mapErr(err)
}

func (s vaultStore) AddCustody(ctx context.Context, e custody.Entry) error {
	r, err := custodyToRow(e)
	if err != nil {
		return err
	}
	return s.put(ctx, r)
}

func (s vaultStore) Custody(ctx context.Context, copyID string) ([]custody.Entry, error) {
	return scan(ctx, s.session, custodyRow.entry, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("seq")
	})
}

func (s vaultStore) AddAcknowledgment(ctx context.Context, a custody.Acknowledgment) error {
	return s.put(ctx, &acknowledgmentRow{
		AcknowledgmentID: a.ID, CopyID: a.CopyID, CustodyID: a.CustodyID, Version: a.Version, JWS: a.JWS,
		SHA256: string(a.SHA256), KeyID: a.KeyID, At: utc(a.At),
	})
}

func (s vaultStore) Acknowledgments(ctx context.Context, copyID string) ([]custody.Acknowledgment, error) {
	return scan(ctx, s.session, acknowledgmentRow.acknowledgment, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("at, acknowledgment_id")
	})
}

func (s vaultStore) AddTampering(ctx context.Context, t custody.Tampering) error {
	return s.put(ctx, &tamperingRow{
		Object: t.Object, CopyID: t.CopyID, Want: string(t.Want), Found: string(t.Found), FoundAt: utc(t.FoundAt), EventID: t.EventID,
	})
}

func (s vaultStore) EndTampering(ctx context.Context, object string) error {
	return change(ctx, s.idb.NewDelete().Model((*tamperingRow)(nil)).Where("object = ?", object), storage.ErrNotFound)
}

func (s vaultStore) Tamperings(ctx context.Context, copyID string) ([]custody.Tampering, error) {
	return scan(ctx, s.session, tamperingRow.tampering, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("found_at, object")
	})
}

func (s vaultStore) AddRelease(ctx context.Context, r *vault.Release) error {
	row, err := releaseToRow(r)
	if err != nil {
		return err
	}
	if r.Package == nil {
		row.PackageDueAt = &row.ReleasedAt
	}
	return s.put(ctx, row)
}

func (s vaultStore) UpdateRelease(ctx context.Context, r *vault.Release) error {
	row, err := releaseToRow(r)
	if err != nil {
		return err
	}
	row.Revision++
	// PostponePackage may have moved the time; a package that was given up is due again.
	q := s.idb.NewUpdate().Model(row).Value("package_due_at", "CASE WHEN ? THEN COALESCE(package_due_at, ?) END", r.Package == nil, row.ReleasedAt)
	if err := change(ctx, q.WherePK().Where("revision = ?", r.Revision), storage.ErrConflict); err != nil {
		return err
	}
	r.Revision++
	return nil
}

func (s vaultStore) Release(ctx context.Context, envelopeID string) (*vault.Release, error) {
	var r releaseRow
	if err := s.find(ctx, &r, "envelope_id = ?", "", envelopeID); err != nil {
		return nil, err
	}
	return r.release()
}

func (s vaultStore) ReleasesToPack(ctx context.Context, t time.Time, limit int) ([]string, error) {
	return ids(ctx, s.idb.NewSelect().Model((*releaseRow)(nil)).Column("envelope_id").
		Where("package_due_at <= ?", utc(t)).OrderExpr("package_due_at, envelope_id"), limit)
}

func (s vaultStore) PostponePackage(ctx context.Context, envelopeID string, next time.Time) error {
	_, err := s.idb.NewUpdate().Model((*releaseRow)(nil)).Set("package_due_at = ?", utc(next)).
		Where("envelope_id = ?", envelopeID).Where("package_due_at IS NOT NULL").Exec(ctx)
	return mapErr(err)
}

func (s vaultStore) ReleasesToDelete(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return ids(ctx, s.idb.NewSelect().Model((*releaseRow)(nil)).Column("envelope_id").Where("deleted_at IS NULL").
		Where("delete_after <= ?", utc(now)).OrderExpr("delete_after, envelope_id"), limit)
}

func (s vaultStore) Events(ctx context.Context, envelopeID string) ([]event.Event, error) {
	return s.events(ctx, envelopeID, 0, 0)
}

// scan reads rows of R, narrowed by where, as values of T.
func scan[R, T any](ctx context.Context, s session, read func(R) (T, error), where func(*bun.SelectQuery) *bun.SelectQuery) ([]T, error) {
	var rs []R
	if err := where(s.idb.NewSelect().Model(&rs)).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	out := make([]T, len(rs))
	for i, r := range rs {
		var err error
		if out[i], err = read(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}
