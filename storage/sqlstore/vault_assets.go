package sqlstore

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/vault/custody"
)

// assetRow is what a copy is about. HeldBy is "" in the one row of an asset that is
// held alone, and the copy's id in those that are shared or were freed, so that the
// unique index on kind, value and HeldBy lets one copy hold it.
type assetRow struct {
	bun.BaseModel `bun:"table:evault_assets,alias:a"`

	CopyID   string `bun:"copy_id,pk"`
	Kind     string `bun:"kind,pk"`
	Value    string `bun:"value,pk"`
	Amount   string `bun:"amount,notnull"`
	Currency string `bun:"currency,notnull"`
	HeldBy   string `bun:"held_by,notnull"`
}

func (r assetRow) asset() (custody.Asset, error) {
	return custody.Asset{Kind: custody.AssetKind(r.Kind), Value: r.Value, Amount: r.Amount, Currency: r.Currency}, nil
}

func (s vaultStore) AddAssets(ctx context.Context, copyID string, assets []custody.Asset, shared func(custody.Asset) bool) error {
	if len(assets) == 0 {
		return nil
	}
	rs := make([]assetRow, len(assets))
	for i, a := range assets {
		rs[i] = assetRow{CopyID: copyID, Kind: string(a.Kind), Value: a.Value, Amount: a.Amount, Currency: a.Currency}
		if shared(a) {
			rs[i].HeldBy = copyID
		}
	}
	return s.put(ctx, &rs)
}

func (s vaultStore) AssetsOf(ctx context.Context, copyID string) ([]custody.Asset, error) {
	return scan(ctx, s.session, assetRow.asset, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("copy_id = ?", copyID).OrderExpr("kind, value")
	})
}

func (s vaultStore) FreeAssets(ctx context.Context, copyID string) error {
	_, err := s.idb.NewUpdate().Model((*assetRow)(nil)).Set("held_by = copy_id").Where("copy_id = ?", copyID).Where("held_by = ''").Exec(ctx)
	return mapErr(err)
}
