package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

type counterRow struct {
	bun.BaseModel `bun:"table:evault_counters"`

	Name  string    `bun:"name,pk"`
	Start time.Time `bun:"window_start,pk"`
	N     int       `bun:"n,notnull"`
}

type counters struct{ session }

// Counters returns the counters kept in this database.
func (d *DB) Counters() storage.Counters { return counters{d.session()} }

func (c counters) Add(ctx context.Context, name string, start time.Time, n int) (int, error) {
	sum := 0
	err := c.inTx(ctx, func(ctx context.Context, s session) error {
		var err error
		sum, err = s.count(ctx, name, start, n)
		return err
	})
	return sum, err
}

// count is Add inside a transaction.
func (s session) count(ctx context.Context, name string, start time.Time, n int) (int, error) {
	row := counterRow{Name: name, Start: utc(start), N: n}
	err := s.put(ctx, &row)
	if errors.Is(err, storage.ErrConflict) {
		err = change(ctx, s.idb.NewUpdate().Model(&row).Set("n = n + ?", n).WherePK(), storage.ErrConflict)
	}
	if err != nil {
		return 0, err
	}
	return row.N, mapErr(s.idb.NewSelect().Model(&row).WherePK().Scan(ctx))
}

func (c counters) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	due := c.idb.NewSelect().Model((*counterRow)(nil)).Column("name", "window_start").Where("window_start < ?", utc(before)).Limit(int64(limit))
	res, err := c.idb.NewDelete().Model((*counterRow)(nil)).Where("(name, window_start) IN (?)", due).Exec(ctx)
	return deleted(res, err)
}
