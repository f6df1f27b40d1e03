package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/translog"
)

// Log returns the transparency log's store.
func (d *DB) Log() translog.Store { return logStore{d.session()} }

type logStore struct{ session }

type logHeadRow struct {
	bun.BaseModel `bun:"table:evault_log_head,alias:h"`

	ID     int    `bun:"id,pk"` // always 1
	Epoch  int    `bun:"epoch,notnull"`
	Origin string `bun:"origin,notnull"`
	Size   int64  `bun:"size,notnull"`
	Root   []byte `bun:"root,notnull"`
	Prev   int64  `bun:"prev,notnull"`
}

type logHashRow struct {
	bun.BaseModel `bun:"table:evault_log_hashes,alias:h"`

	Idx  int64  `bun:"idx,pk"`
	Hash []byte `bun:"hash,notnull"`
}

type logCheckpointRow struct {
	bun.BaseModel `bun:"table:evault_log_checkpoints,alias:c"`

	Epoch    int       `bun:"epoch,pk"`
	Size     int64     `bun:"size,pk"`
	Origin   string    `bun:"origin,notnull"`
	Root     []byte    `bun:"root,notnull"`
	Note     string    `bun:"note,notnull"`
	SignedAt time.Time `bun:"signed_at,notnull"`
}

type logAdoptionRow struct {
	bun.BaseModel `bun:"table:evault_log_adoptions,alias:a"`

	Epoch     int       `bun:"epoch,pk"`
	Origin    string    `bun:"origin,notnull"`
	Note      string    `bun:"note,notnull"`
	AdoptedAt time.Time `bun:"adopted_at,notnull"`
}

func (s logStore) InTx(ctx context.Context, fn func(ctx context.Context, s translog.Store) error) error {
	return s.inTx(ctx, func(ctx context.Context, s session) error { return fn(ctx, logStore{s}) })
}

func (s logStore) Head(ctx context.Context) (translog.Head, error) {
	var r logHeadRow
	err := s.find(ctx, &r, "id = ?", "", 1)
	if errors.Is(err, storage.ErrNotFound) {
		return translog.Head{}, nil
	}
	if err != nil {
		return translog.Head{}, err
	}
	root, err := treeHash(r.Root)
	return translog.Head{Epoch: r.Epoch, Origin: r.Origin, Size: r.Size, Root: root, Prev: r.Prev}, err
}

func (s logStore) Advance(ctx context.Context, from, to translog.Head) error {
	next := &logHeadRow{ID: 1, Epoch: to.Epoch, Origin: to.Origin, Size: to.Size, Root: to.Root[:], Prev: to.Prev}
	if from == (translog.Head{}) {
		return s.put(ctx, next)
	}
	return change(ctx, s.idb.NewUpdate().Model(next).WherePK().
		Where("epoch = ? AND size = ? AND root = ?", from.Epoch, from.Size, from.Root[:]), storage.ErrConflict)
}

func (s logStore) Hashes(ctx context.Context, indexes []int64) ([]translog.Hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	var rs []logHashRow
	if err := s.idb.NewSelect().Model(&rs).Where("idx IN ?", bun.Tuple(indexes)).Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	byIndex := make(map[int64][]byte, len(rs))
	for _, r := range rs {
		byIndex[r.Idx] = r.Hash
	}
	out := make([]translog.Hash, len(indexes))
	for i, x := range indexes {
		b, ok := byIndex[x]
		if !ok {
			return nil, fmt.Errorf("log hash %d: %w", x, storage.ErrNotFound)
		}
		var err error
		if out[i], err = treeHash(b); err != nil {
			return nil, fmt.Errorf("log hash %d: %w", x, err)
		}
	}
	return out, nil
}

func (s logStore) AddHashes(ctx context.Context, first int64, hashes []translog.Hash) error {
	if len(hashes) == 0 {
		return nil
	}
	rs := make([]logHashRow, len(hashes))
	for i, h := range hashes {
		rs[i] = logHashRow{Idx: first + int64(i), Hash: h[:]}
	}
	return s.put(ctx, &rs)
}

// Unsequenced reads the beginning of what waits, in the order of the only index on
// log_index. A second one, on log_index alone, would be taken by SQLite, which
// then sorts all that waits for each batch; PostgreSQL sorts it unless the order
// begins with log_index.
func (s logStore) Unsequenced(ctx context.Context, limit int) ([]translog.Leaf, error) {
	var rs []eventRow
	err := s.idb.NewSelect().Model(&rs).Column("event_id", "canonical").Where("log_index IS NULL").
		OrderExpr("log_index, recorded_at, event_id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, mapErr(err)
	}
	out := make([]translog.Leaf, len(rs))
	for i, r := range rs {
		out[i] = translog.Leaf{EventID: r.EventID, Canonical: r.Canonical}
	}
	return out, nil
}

// Sequence finds its rows by their key. COALESCE keeps SQLite from going through
// all that waits for each of them, by the index on log_index.
func (s logStore) Sequence(ctx context.Context, first int64, eventIDs []string) error {
	if len(eventIDs) == 0 {
		return nil
	}
	rows := make([]sequenced, len(eventIDs))
	for i, id := range eventIDs {
		rows[i] = sequenced{EventID: id, LogIndex: first + int64(i)}
	}
	res, err := s.idb.NewUpdate().With("n", s.idb.NewValues(&rows)).Model((*eventRow)(nil)).TableExpr("n").
		Set("log_index = n.log_index").Where("e.event_id = n.event_id").
		Where("COALESCE(e.log_index, -1) < 0").Exec(ctx)
	if err != nil {
		return mapErr(err)
	}
	return affected(res, int64(len(rows)), storage.ErrConflict)
}

// sequenced is an event's new place.
type sequenced struct {
	bun.BaseModel `bun:"table:n"`

	EventID  string `bun:"event_id"`
	LogIndex int64  `bun:"log_index"`
}

func (s logStore) Entry(ctx context.Context, eventID string) (translog.Entry, error) {
	var r eventRow
	if err := s.find(ctx, &r, "event_id = ?", "", eventID); err != nil {
		return translog.Entry{}, err
	}
	return entryOf(r), nil
}

func entryOf(r eventRow) translog.Entry {
	e := translog.Entry{EventID: r.EventID, Type: r.Type, RecordedAt: utc(r.RecordedAt), Canonical: r.Canonical, Index: -1}
	if r.LogIndex != nil {
		e.Index = *r.LogIndex
	}
	return e
}

func (s logStore) Before(ctx context.Context, index int64) (translog.Entry, error) {
	var r eventRow
	if err := s.find(ctx, &r, "log_index < ?", "log_index DESC", index); err != nil {
		return translog.Entry{}, err
	}
	return entryOf(r), nil
}

func (s logStore) Sequenced(ctx context.Context, index int64) (int64, error) {
	n, err := s.idb.NewSelect().Model((*eventRow)(nil)).Where("log_index < ?", index).Count(ctx)
	return int64(n), mapErr(err)
}

func (s logStore) Checkpoint(ctx context.Context, epoch int) (translog.Checkpoint, error) {
	var r logCheckpointRow
	if err := s.find(ctx, &r, "epoch = ?", "size DESC", epoch); err != nil {
		return translog.Checkpoint{}, err
	}
	root, err := treeHash(r.Root)
	return translog.Checkpoint{Origin: r.Origin, Size: r.Size, Root: root, Note: r.Note}, err
}

func (s logStore) AddCheckpoint(ctx context.Context, epoch int, c translog.Checkpoint, at time.Time) error {
	err := s.put(ctx, &logCheckpointRow{Epoch: epoch, Size: c.Size, Origin: c.Origin, Root: c.Root[:], Note: c.Note, SignedAt: utc(at)})
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}

func (s logStore) AddAdoption(ctx context.Context, a translog.Adoption) error {
	return s.put(ctx, &logAdoptionRow{Epoch: a.Epoch, Origin: a.Origin, Note: a.Note, AdoptedAt: utc(a.AdoptedAt)})
}

func (s logStore) Adoptions(ctx context.Context) ([]translog.Adoption, error) {
	var rs []logAdoptionRow
	if err := s.idb.NewSelect().Model(&rs).OrderExpr("epoch").Scan(ctx); err != nil {
		return nil, mapErr(err)
	}
	out := make([]translog.Adoption, len(rs))
	for i, r := range rs {
		out[i] = translog.Adoption{Epoch: r.Epoch, Origin: r.Origin, Note: r.Note, AdoptedAt: utc(r.AdoptedAt)}
	}
	return out, nil
}

func treeHash(b []byte) (h translog.Hash, err error) {
	if len(b) != len(h) {
		return h, fmt.Errorf("sqlstore: stored hash has %d bytes", len(b))
	}
	copy(h[:], b)
	return h, nil
}
