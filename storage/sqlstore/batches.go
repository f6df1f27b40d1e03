package sqlstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

type batchRow struct {
	bun.BaseModel `bun:"table:evault_batches,alias:b"`

	BatchID    string    `bun:"batch_id,pk"`
	PoolID     string    `bun:"pool_id,notnull"`
	OrgID      string    `bun:"org_id,notnull"`
	ToOrgID    string    `bun:"to_org_id,notnull"`
	Assignee   string    `bun:"assignee,notnull"`
	Mode       string    `bun:"mode,notnull"`
	Purpose    string    `bun:"purpose,notnull"`
	Obligation string    `bun:"obligation,notnull"`
	Reason     string    `bun:"reason,notnull"`
	Note       string    `bun:"note,notnull"`
	Status     string    `bun:"status,notnull"`
	Step       string    `bun:"step,notnull"`
	StepBy     string    `bun:"step_by,notnull"`
	Total      int       `bun:"total,notnull"`
	Consent    string    `bun:"consent,notnull"`
	Answer     string    `bun:"answer,notnull"`
	Custodian  string    `bun:"custodian,notnull"`
	CreatedAt  time.Time `bun:"created_at,notnull"`
	UpdatedAt  time.Time `bun:"updated_at,notnull"`
	ExpiresAt  time.Time `bun:"expires_at,notnull"`
	Revision   int64     `bun:"revision,notnull"`
}

func batchToRow(b *pool.Batch) (*batchRow, error) {
	r := &batchRow{
		BatchID: b.ID, PoolID: b.PoolID, OrgID: b.OrgID, ToOrgID: b.ToOrgID, Mode: string(b.Mode), Purpose: string(b.Purpose), Reason: b.Reason,
		Note: b.Note, Status: string(b.Status), Step: string(b.Step), Total: b.Total, Custodian: string(b.Custodian),
		CreatedAt: utc(b.CreatedAt), UpdatedAt: utc(b.UpdatedAt), ExpiresAt: utc(b.ExpiresAt), Revision: b.Revision,
	}
	return r, encodeColumns(column{&r.StepBy, b.StepBy}, column{&r.Assignee, b.Assignee}, column{&r.Obligation, b.Obligation}, column{&r.Consent, b.Consent}, column{&r.Answer, b.Answer})
}

func (r batchRow) batch() (*pool.Batch, error) {
	b := &pool.Batch{
		ID: r.BatchID, PoolID: r.PoolID, OrgID: r.OrgID, ToOrgID: r.ToOrgID, Mode: pool.Mode(r.Mode), Purpose: custody.Purpose(r.Purpose),
		Reason: r.Reason, Note: r.Note, Status: pool.Status(r.Status), Step: pool.Step(r.Step), Total: r.Total,
		Custodian: custody.CustodianKind(r.Custodian), CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt), ExpiresAt: utc(r.ExpiresAt),
		Revision: r.Revision,
	}
	return b, decodeColumns(column{&r.StepBy, &b.StepBy}, column{&r.Assignee, &b.Assignee}, column{&r.Obligation, &b.Obligation}, column{&r.Consent, &b.Consent}, column{&r.Answer, &b.Answer})
}

type itemRow struct {
	bun.BaseModel `bun:"table:evault_batch_items,alias:bi"`

	BatchID      string `bun:"batch_id,pk"`
	N            int    `bun:"n,pk"`
	EnvelopeID   string `bun:"envelope_id,notnull"`
	AssignmentID string `bun:"assignment_id,notnull"`
	Status       string `bun:"status,notnull"`
	Code         string `bun:"code,notnull"`
	Detail       string `bun:"detail,notnull"`
}

func (r itemRow) item() (pool.Item, error) {
	return pool.Item{
		BatchID: r.BatchID, N: r.N, EnvelopeID: r.EnvelopeID, AssignmentID: r.AssignmentID, Status: pool.ItemStatus(r.Status), Code: r.Code, Detail: r.Detail,
	}, nil
}

func (s poolStore) AddBatch(ctx context.Context, b *pool.Batch) (int, error) {
	r, err := batchToRow(b)
	if err != nil {
		return 0, err
	}
	if err := s.put(ctx, r); err != nil {
		return 0, err
	}
	res, err := s.idb.NewRaw(`INSERT INTO evault_batch_items (batch_id, n, envelope_id, assignment_id, status, code, detail)
		SELECT ?, ROW_NUMBER() OVER (ORDER BY envelope_id), envelope_id, '', ?, '', '' FROM evault_pool_contracts WHERE pool_id = ?`,
		b.ID, string(pool.ItemPending), b.PoolID).Exec(ctx)
	if err != nil {
		return 0, mapErr(err)
	}
	n, err := res.RowsAffected()
	return int(n), mapErr(err)
}

func (s poolStore) UpdateBatch(ctx context.Context, b *pool.Batch) error {
	r, err := batchToRow(b)
	if err != nil {
		return err
	}
	r.Revision++
	if err := change(ctx, s.idb.NewUpdate().Model(r).WherePK().Where("revision = ?", b.Revision), storage.ErrConflict); err != nil {
		return err
	}
	b.Revision++
	return nil
}

func (s poolStore) Batch(ctx context.Context, id string) (*pool.Batch, error) {
	var r batchRow
	if err := s.find(ctx, &r, "batch_id = ?", "", id); err != nil {
		return nil, err
	}
	return r.batch()
}

func (s poolStore) BatchesDue(ctx context.Context, limit int) ([]string, error) {
	return ids(ctx, s.idb.NewSelect().Model((*batchRow)(nil)).Column("batch_id").Where("step > ''").OrderExpr("updated_at, batch_id"), limit)
}

func (s poolStore) Items(ctx context.Context, ask pool.ItemQuery) ([]pool.Item, error) {
	return scan(ctx, s.session, itemRow.item, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("batch_id = ?", ask.BatchID).Where("n > ?", ask.After)
		if ask.Status != "" {
			q = q.Where("status = ?", string(ask.Status))
		}
		if ask.Offered {
			q = q.Where("assignment_id > ''")
		}
		return q.OrderExpr("n").Limit(int64(ask.Limit))
	})
}

func (s poolStore) CountItems(ctx context.Context, batchID string) (map[pool.ItemStatus]int, error) {
	var rows []struct {
		Status string `bun:"status"`
		Items  int    `bun:"items"`
	}
	err := s.idb.NewSelect().Model((*itemRow)(nil)).Column("status").ColumnExpr("COUNT(*) AS items").
		Where("batch_id = ?", batchID).GroupExpr("status").Scan(ctx, &rows)
	counts := map[pool.ItemStatus]int{}
	for _, r := range rows {
		counts[pool.ItemStatus(r.Status)] = r.Items
	}
	return counts, mapErr(err)
}

func (s poolStore) UpdateItem(ctx context.Context, i pool.Item, from pool.ItemStatus) error {
	return change(ctx, s.idb.NewUpdate().Model((*itemRow)(nil)).
		Set("status = ?", string(i.Status)).Set("assignment_id = ?", i.AssignmentID).Set("code = ?", i.Code).Set("detail = ?", i.Detail).
		Where("batch_id = ?", i.BatchID).Where("n = ?", i.N).Where("status = ?", string(from)), storage.ErrUsed)
}

func (s poolStore) ResetItems(ctx context.Context, batchID string, assigned bool, to pool.ItemStatus) (int, error) {
	q := s.idb.NewUpdate().Model((*itemRow)(nil)).Set("status = ?", string(to)).Set("code = ''").Set("detail = ''").
		Where("batch_id = ?", batchID).Where("status = ?", string(pool.ItemFailed))
	if assigned {
		q = q.Where("assignment_id > ''")
	} else {
		q = q.Where("assignment_id = ''")
	}
	res, err := q.Exec(ctx)
	if err != nil {
		return 0, mapErr(err)
	}
	n, err := res.RowsAffected()
	return int(n), mapErr(err)
}
