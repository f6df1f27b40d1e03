package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
)

// States of a row of evault_blobs: staged → linked → condemned → dropped, or
// staged → condemned. A dropped row stays for ever: a sweep that was late could
// otherwise delete a later object of the same name.
const (
	blobStaged    = "staged"
	blobLinked    = "linked"
	blobCondemned = "condemned"
	blobDropped   = "dropped"
)

type blobRow struct {
	bun.BaseModel `bun:"table:evault_blobs"`

	Name      string    `bun:"name,pk"`
	SHA256    string    `bun:"sha256,notnull"`
	Size      int64     `bun:"size,notnull"`
	State     string    `bun:"state,notnull"`
	ChangedAt time.Time `bun:"changed_at,notnull"` // when it came into State, or was staged again
}

type blobRows struct{ session }

// BlobRows returns the SQL side of the blob store.
func (d *DB) BlobRows() storage.BlobRows { return blobRows{d.session()} }

func (b blobRows) Stage(ctx context.Context, o storage.Object, at time.Time) error {
	row := &blobRow{Name: o.Name, SHA256: string(o.SHA256), Size: o.Size, State: blobStaged, ChangedAt: utc(at)}
	if err := b.put(ctx, row); !errors.Is(err, storage.ErrConflict) {
		return err
	}
	err := b.move(ctx, o.Name, blobStaged, blobStaged, at) // the grace begins anew
	if !errors.Is(err, storage.ErrConflict) {
		return err
	}
	return b.settled(ctx, o.Name, blobLinked)
}

func (b blobRows) Link(ctx context.Context, tx storage.Tx, name string, at time.Time) error {
	return b.with(tx).LinkBlob(ctx, name, at)
}

func (b blobRows) Unlink(ctx context.Context, tx storage.Tx, name string, at time.Time) error {
	return b.with(tx).UnlinkBlob(ctx, name, at)
}

func (b blobRows) Condemn(ctx context.Context, before time.Time, limit int) error {
	old := b.idb.NewSelect().Model((*blobRow)(nil)).Column("name").
		Where("state = ?", blobStaged).Where("changed_at < ?", utc(before)).OrderExpr("changed_at").Limit(int64(limit))
	var names []string
	if err := old.Scan(ctx, &names); err != nil {
		return mapErr(err)
	}
	if len(names) == 0 {
		return nil
	}
	// The condition is repeated: whoever links or stages one of them first wins.
	_, err := b.idb.NewUpdate().Model((*blobRow)(nil)).Set("state = ?", blobCondemned).
		Where("name IN (?)", bun.List(names)).Where("state = ?", blobStaged).Where("changed_at < ?", utc(before)).Exec(ctx)
	return mapErr(err)
}

func (b blobRows) Condemned(ctx context.Context, limit int) ([]string, error) {
	var names []string
	err := b.idb.NewSelect().Model((*blobRow)(nil)).Column("name").Where("state = ?", blobCondemned).
		OrderExpr("changed_at, name").Limit(int64(limit)).Scan(ctx, &names)
	return names, mapErr(err)
}

func (b blobRows) Drop(ctx context.Context, name string) error {
	_, err := b.idb.NewUpdate().Model((*blobRow)(nil)).Set("state = ?", blobDropped).
		Where("name = ?", name).Where("state = ?", blobCondemned).Exec(ctx)
	return mapErr(err)
}

// LinkBlob makes a staged object one that a row names.
func (s session) LinkBlob(ctx context.Context, name string, at time.Time) error {
	err := s.move(ctx, name, blobStaged, blobLinked, at)
	if !errors.Is(err, storage.ErrConflict) {
		return err
	}
	return s.settled(ctx, name, blobLinked)
}

// UnlinkBlob gives an object that no row names any more to the sweep.
func (s session) UnlinkBlob(ctx context.Context, name string, at time.Time) error {
	err := s.move(ctx, name, blobLinked, blobCondemned, at)
	if !errors.Is(err, storage.ErrConflict) {
		return err
	}
	if err := s.settled(ctx, name, blobLinked); !errors.Is(err, storage.ErrBlobCondemned) {
		return err
	}
	return nil
}

// move is a compare-and-set; storage.ErrConflict when the row is in no state
// from.
func (s session) move(ctx context.Context, name, from, to string, at time.Time) error {
	return change(ctx, s.idb.NewUpdate().Model((*blobRow)(nil)).Set("state = ?", to).Set("changed_at = ?", utc(at)).
		Where("name = ?", name).Where("state = ?", from), storage.ErrConflict)
}

// settled says what became of a row that could not be moved.
func (s session) settled(ctx context.Context, name, want string) error {
	var r blobRow
	if err := s.idb.NewSelect().Model(&r).Column("state").Where("name = ?", name).Scan(ctx); err != nil {
		return mapErr(err)
	}
	switch r.State {
	case want:
		return nil
	case blobCondemned, blobDropped:
		return storage.ErrBlobCondemned
	}
	return storage.ErrNotFound
}
