package translog

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evaultlib/evault/storage"
)

// ErrNotIncluded: the log's leaf at an entry's index is not that entry.
var ErrNotIncluded = errors.New("translog: the log has another entry at this index")

// ErrDisplaced: an entry was added to the log after entries that were recorded
// later, and earlier entries are missing.
var ErrDisplaced = errors.New("translog: the log has this entry at a later place than its time allows, and lacks earlier entries")

// Proves verifies that entries are leaves of the current tree, after comparing
// the tree with its anchors like Check. An entry that is not the leaf at its
// index is ErrNotIncluded, also when the tree has no such index; an entry that
// has probably replaced another is ErrDisplaced. Other errors are those of
// Check.
func (l *Log) Proves(ctx context.Context, entries ...Entry) error {
	h, err := l.head(ctx)
	if err != nil {
		return err
	}
	p := &Prover{l, h.Size, map[int64]Hash{}}
	for _, e := range entries {
		if e.Index < 0 || e.Index >= h.Size {
			return fmt.Errorf("event %s: %w", e.EventID, ErrNotIncluded)
		}
		proof, err := p.Inclusion(ctx, e.Index)
		if err != nil {
			return fmt.Errorf("event %s: %w", e.EventID, err)
		}
		if tlog.CheckRecord(proof, h.Size, h.Root, e.Index, e.LeafHash()) != nil {
			return fmt.Errorf("event %s: %w", e.EventID, ErrNotIncluded)
		}
		if displaced, err := l.Displaced(ctx, e); err != nil || displaced {
			return fmt.Errorf("event %s: %w", e.EventID, cmp.Or(err, ErrDisplaced))
		}
	}
	return nil
}

// Displaced tells an event that was rewritten and taken into the log once more: it
// stands behind one that was recorded later, and the leaf of what it was before
// belongs to no event now, so that there are fewer events before it than leaves.
// Neither alone is a sign of it: clocks of replicas differ, and another envelope's
// event may have been deleted. It does not see an event that was rewritten before a
// later one of any envelope was in the log, nor one whose first row was kept under
// the name of another envelope.
func (l *Log) Displaced(ctx context.Context, e Entry) (bool, error) {
	before, err := l.c.Store.Before(ctx, e.Index)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !before.RecordedAt.After(e.RecordedAt) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	n, err := l.c.Store.Sequenced(ctx, e.Index)
	return n < e.Index, err
}
