package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/pool"
)

const poolIDs = 500 // envelope ids in one statement

type poolRow struct {
	bun.BaseModel `bun:"table:evault_pools,alias:p"`

	PoolID    string    `bun:"pool_id,pk"`
	OrgID     string    `bun:"org_id,notnull"`
	Name      string    `bun:"name,notnull"`
	Contracts int       `bun:"contracts,notnull"`
	CreatedAt time.Time `bun:"created_at,notnull"`
	UpdatedAt time.Time `bun:"updated_at,notnull"`
	Revision  int64     `bun:"revision,notnull"`
}

func poolToRow(p *pool.Pool) *poolRow {
	return &poolRow{
		PoolID: p.ID, OrgID: p.OrgID, Name: p.Name, Contracts: p.Count, CreatedAt: utc(p.CreatedAt), UpdatedAt: utc(p.UpdatedAt), Revision: p.Revision,
	}
}

func (r poolRow) pool() (pool.Pool, error) {
	return pool.Pool{
		ID: r.PoolID, OrgID: r.OrgID, Name: r.Name, Count: r.Contracts, CreatedAt: utc(r.CreatedAt), UpdatedAt: utc(r.UpdatedAt), Revision: r.Revision,
	}, nil
}

type poolContractRow struct {
	bun.BaseModel `bun:"table:evault_pool_contracts,alias:pc"`

	PoolID     string    `bun:"pool_id,pk"`
	EnvelopeID string    `bun:"envelope_id,pk"`
	AddedAt    time.Time `bun:"added_at,notnull"`
}

func (r poolContractRow) contract() (pool.Contract, error) {
	return pool.Contract{EnvelopeID: r.EnvelopeID, AddedAt: utc(r.AddedAt)}, nil
}

type poolStore struct{ session }

// Pools returns the store of pools and batches.
func (d *DB) Pools() pool.Store { return poolStore{d.session()} }

func (s poolStore) InTx(ctx context.Context, fn func(ctx context.Context, s pool.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, poolStore{s}) })
}

func (s poolStore) With(tx storage.Tx) pool.Store { return poolStore{s.with(tx)} }

func (s poolStore) AddPool(ctx context.Context, p *pool.Pool) error { return s.put(ctx, poolToRow(p)) }

func (s poolStore) UpdatePool(ctx context.Context, p *pool.Pool) error {
	r := poolToRow(p)
	r.Revision++
	if err := change(ctx, s.idb.NewUpdate().Model(r).WherePK().Where("revision = ?", p.Revision), storage.ErrConflict); err != nil {
		return err
	}
	p.Revision++
	return nil
}

func (s poolStore) Pool(ctx context.Context, id string) (*pool.Pool, error) {
	var r poolRow
	if err := s.find(ctx, &r, "pool_id = ?", "", id); err != nil {
		return nil, err
	}
	p, err := r.pool()
	return &p, err
}

func (s poolStore) Pools(ctx context.Context, orgID string, after *storage.Place, offset, limit int) ([]pool.Pool, error) {
	return scan(ctx, s.session, poolRow.pool, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("org_id = ?", orgID)
		if after != nil {
			at := utc(after.At)
			q = q.Where("(created_at < ? OR (created_at = ? AND pool_id < ?))", at, at, after.ID).Where("created_at <= ?", at)
		}
		return q.OrderExpr("created_at DESC, pool_id DESC").Offset(int64(offset)).Limit(int64(limit))
	})
}

func (s poolStore) CountPools(ctx context.Context, orgID string) (int, error) {
	n, err := s.idb.NewSelect().Model((*poolRow)(nil)).Where("org_id = ?", orgID).Count(ctx)
	return int(n), mapErr(err)
}

func (s poolStore) Controlled(ctx context.Context, orgID string, envelopeIDs []string) (out []string, err error) {
	for ids := range slices.Chunk(distinct(envelopeIDs), poolIDs) {
		var some []string
		q := s.idb.NewSelect().Model((*copyRow)(nil)).Column("envelope_id").
			Where("envelope_id IN (?)", bun.List(ids)).Where("status = ?", string(custody.StatusVaulted))
		if err := may(q, standing.Control, orgID, "evault_copies", "c.envelope_id").Scan(ctx, &some); err != nil {
			return nil, mapErr(err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// distinct is the ids in order, each once, so that two transactions take rows in one order.
func distinct(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (s poolStore) AddContracts(ctx context.Context, poolID string, envelopeIDs []string, at time.Time) (n int, err error) {
	for ids := range slices.Chunk(distinct(envelopeIDs), poolIDs) {
		rows := make([]poolContractRow, len(ids))
		for i, id := range ids {
			rows[i] = poolContractRow{PoolID: poolID, EnvelopeID: id, AddedAt: utc(at)}
		}
		res, err := s.idb.NewInsert().Model(&rows).Ignore().Returning("NULL").Exec(ctx)
		if err != nil {
			return n, mapErr(err)
		}
		some, err := res.RowsAffected()
		if err != nil {
			return n, mapErr(err)
		}
		n += int(some)
	}
	return n, nil
}

func (s poolStore) RemoveContracts(ctx context.Context, poolID string, envelopeIDs []string) (n int, err error) {
	for ids := range slices.Chunk(distinct(envelopeIDs), poolIDs) {
		res, err := s.idb.NewDelete().Model((*poolContractRow)(nil)).Where("pool_id = ?", poolID).Where("envelope_id IN (?)", bun.List(ids)).Exec(ctx)
		if err != nil {
			return n, mapErr(err)
		}
		some, err := res.RowsAffected()
		if err != nil {
			return n, mapErr(err)
		}
		n += int(some)
	}
	return n, nil
}

func (s poolStore) Contracts(ctx context.Context, poolID string, after *storage.Place, offset, limit int) ([]pool.Contract, error) {
	return scan(ctx, s.session, poolContractRow.contract, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("pool_id = ?", poolID)
		if after != nil {
			at := utc(after.At)
			q = q.Where("(added_at < ? OR (added_at = ? AND envelope_id < ?))", at, at, after.ID).Where("added_at <= ?", at)
		}
		return q.OrderExpr("added_at DESC, envelope_id DESC").Offset(int64(offset)).Limit(int64(limit))
	})
}
