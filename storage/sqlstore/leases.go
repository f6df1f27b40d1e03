package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

type leaseRow struct {
	bun.BaseModel `bun:"table:evault_leases"`

	Name   string    `bun:"name,pk"`
	Holder string    `bun:"holder,notnull"`
	Until  time.Time `bun:"until,notnull"`
}

type leases struct{ session }

// Leases returns the leases kept in this database.
func (d *DB) Leases() storage.Leases { return leases{d.session()} }

func (l leases) Acquire(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	row := &leaseRow{Name: name, Holder: holder, Until: utc(now.Add(ttl))}
	err := change(ctx, l.idb.NewUpdate().Model(row).WherePK().
		Where("holder = ? OR until <= ?", holder, utc(now)), storage.ErrConflict)
	if errors.Is(err, storage.ErrConflict) {
		err = l.put(ctx, row)
	}
	if errors.Is(err, storage.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

func (l leases) Release(ctx context.Context, name, holder string) error {
	_, err := l.idb.NewDelete().Model((*leaseRow)(nil)).Where("name = ?", name).Where("holder = ?", holder).Exec(ctx)
	return mapErr(err)
}
