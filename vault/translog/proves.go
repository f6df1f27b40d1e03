package translog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotIncluded: the log's leaf at an entry's index is not that entry.
var ErrNotIncluded = errors.New("translog: the log has another entry at this index")

// Proves verifies that entries are leaves of the tree as it stands now, after it
// has compared that with its anchors as Check does. An entry that is not the leaf at its
// index is ErrNotIncluded, also when the tree has no such index; further the errors
// of Check.
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
	}
	return nil
}
