package sqlstore

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	bun.BaseModel `bun:"table:evault_blobs,alias:b"`

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
	names, err := b.expendable(ctx, blobStaged, before, before.Add(storage.StageGrace), limit)
	if err != nil || len(names) == 0 {
		return err
	}
	// The conditions are repeated: whoever links, stages or names one of them first wins.
	_, err = unnamed(b.idb.NewUpdate().Model((*blobRow)(nil)).Set("state = ?", blobCondemned)).
		Where("name IN (?)", bun.List(names)).Where("state = ?", blobStaged).Where("changed_at < ?", utc(before)).Exec(ctx)
	return mapErr(err)
}

// tick is the resolution of times: what is condemned at now is due at now.
const tick = time.Microsecond

func (b blobRows) Condemned(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return b.expendable(ctx, blobCondemned, now.Add(tick), now.Add(storage.StageGrace), limit)
}

func (b blobRows) Waits(ctx context.Context, before, now time.Time) (bool, error) {
	for state, t := range map[string]time.Time{blobStaged: before, blobCondemned: now.Add(tick)} {
		due, err := ids(ctx, b.idb.NewSelect().Model((*blobRow)(nil)).Column("name").Where("state = ?", state).
			Where("changed_at < ?", utc(t)), 1)
		if err != nil || len(due) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// owners are the columns that name an object which their row needs. A tampering's
// object is not among them: that row is about an object, which another row owns.
var owners = []struct{ table, column string }{
	{"evault_envelopes", "sealed_object"},
	{"evault_documents", "object"},
	{"evault_parts", "object"},
	{"evault_signer_copies", "object"},
	{"evault_template_versions", "object"},
	{"evault_copies", "source_object"},
	{"evault_versions", "object"},
	{"evault_copy_register", "object"},
	{"evault_releases", "package_object"},
}

// unnamed narrows a statement on evault_blobs to objects that no row owns. What
// the row of an object says of itself is not enough to delete an original.
func unnamed[Q interface{ Where(string, ...any) Q }](q Q) Q {
	for _, o := range owners {
		q = q.Where("NOT EXISTS (SELECT 1 FROM ? AS o WHERE o.? = b.name)", bun.Ident(o.table), bun.Ident(o.column))
	}
	return q
}

// expendable returns objects that came into a state before t, but none that a row
// owns and no version of a copy that was not disposed of. Those are due again at
// the time given, so that they keep no other waiting.
func (b blobRows) expendable(ctx context.Context, state string, t, again time.Time, limit int) ([]string, error) {
	names, err := ids(ctx, b.idb.NewSelect().Model((*blobRow)(nil)).Column("name").Where("state = ?", state).
		Where("changed_at < ?", utc(t)).OrderExpr("changed_at"), limit)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	free, err := ids(ctx, unnamed(b.idb.NewSelect().Model((*blobRow)(nil)).Column("name")).Where("name IN (?)", bun.List(names)), limit)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names {
		kept := !slices.Contains(free, name)
		if !kept {
			if kept, err = b.keptVersion(ctx, name); err != nil {
				return nil, err
			}
		}
		if !kept {
			out = append(out, name)
			continue
		}
		_, err := b.idb.NewUpdate().Model((*blobRow)(nil)).Set("changed_at = ?", utc(again)).
			Where("name = ?", name).Where("state = ?", state).Exec(ctx)
		if err != nil {
			return nil, mapErr(err)
		}
	}
	return out, nil
}

// keptVersion reports whether name is version/<copy id>-… of a copy whose bytes
// are to be here. An id may hold hyphens itself.
func (b blobRows) keptVersion(ctx context.Context, name string) (bool, error) {
	owner, ok := strings.CutPrefix(name, "version/")
	if !ok {
		return false, nil
	}
	owner, _, _ = strings.Cut(owner, "/")
	var ids []string
	for i, c := range owner {
		if c == '-' {
			ids = append(ids, owner[:i])
		}
	}
	if len(ids) == 0 {
		return false, nil
	}
	n, err := b.idb.NewSelect().TableExpr("evault_copies AS c").Where("c.copy_id IN (?)", bun.List(ids)).
		Where("NOT EXISTS (SELECT 1 FROM evault_releases AS r WHERE r.envelope_id = c.envelope_id AND r.deleted_at IS NOT NULL)").Count(ctx)
	return n > 0, mapErr(err)
}

func (b blobRows) Postpone(ctx context.Context, name string, t time.Time) error {
	_, err := b.idb.NewUpdate().Model((*blobRow)(nil)).Set("changed_at = ?", utc(t)).
		Where("name = ?", name).Where("state = ?", blobCondemned).Exec(ctx)
	return mapErr(err)
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
