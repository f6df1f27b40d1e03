package extstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/translog"
)

// Events returns the chains of events.
func (m *Memory) Events() event.Store { return logStore{m, nil} }

// Log returns the store of the transparency log.
func (m *Memory) Log() translog.Store { return logStore{m, nil} }

type logStore struct {
	m *Memory
	t *tx
}

func (s logStore) InTx(ctx context.Context, fn func(ctx context.Context, s translog.Store) error) error {
	return s.m.do(s.t, func(t *tx) error { return fn(ctx, logStore{s.m, t}) })
}

func (s logStore) ChainHead(_ context.Context, envelopeID string) (h event.Head, err error) {
	return h, s.m.do(s.t, func(t *tx) error {
		for _, e := range t.records.events {
			if e.EnvelopeID == envelopeID && e.Seq > h.Seq {
				h = event.Head{Seq: e.Seq, Hash: e.Hash, RecordedAt: e.RecordedAt}
			}
		}
		return nil
	})
}

func (s logStore) AppendEvents(_ context.Context, events ...event.Event) error {
	return s.m.do(s.t, func(t *tx) error {
		for _, e := range events {
			if slices.ContainsFunc(t.records.events, func(o event.Event) bool { return o.EnvelopeID == e.EnvelopeID && o.Seq == e.Seq }) {
				return storage.ErrConflict
			}
			t.records.events = append(t.records.events, e)
		}
		return nil
	})
}

func (s logStore) Head(context.Context) (h translog.Head, err error) {
	return h, s.m.do(s.t, func(t *tx) error { h = t.records.head; return nil })
}

func (s logStore) Advance(_ context.Context, from, to translog.Head) error {
	return s.m.do(s.t, func(t *tx) error {
		if t.records.head != from {
			return storage.ErrConflict
		}
		t.records.head = to
		return nil
	})
}

func (s logStore) Hashes(_ context.Context, indexes []int64) (list []translog.Hash, err error) {
	return list, s.m.do(s.t, func(t *tx) error {
		for _, i := range indexes {
			h, ok := t.records.hashes[i]
			if !ok {
				return storage.ErrNotFound
			}
			list = append(list, h)
		}
		return nil
	})
}

func (s logStore) AddHashes(_ context.Context, first int64, hashes []translog.Hash) error {
	return s.m.do(s.t, func(t *tx) error {
		for i, h := range hashes {
			at := first + int64(i)
			if _, taken := t.records.hashes[at]; taken {
				return storage.ErrConflict
			}
			t.records.hashes[at] = h
		}
		return nil
	})
}

func (s logStore) Unsequenced(_ context.Context, limit int) (list []translog.Leaf, err error) {
	return list, s.m.do(s.t, func(t *tx) error {
		waiting := slices.DeleteFunc(slices.Clone(t.records.events), func(e event.Event) bool { return e.LogIndex != nil })
		slices.SortFunc(waiting, func(a, b event.Event) int {
			return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.ID, b.ID))
		})
		for _, e := range waiting[:min(limit, len(waiting))] {
			list = append(list, translog.Leaf{EventID: e.ID, Canonical: e.Canonical})
		}
		return nil
	})
}

func (s logStore) Sequence(_ context.Context, first int64, eventIDs []string) error {
	return s.m.do(s.t, func(t *tx) error {
		for i, id := range eventIDs {
			n := slices.IndexFunc(t.records.events, func(e event.Event) bool { return e.ID == id })
			if n < 0 || t.records.events[n].LogIndex != nil {
				return storage.ErrConflict
			}
			index := first + int64(i)
			t.records.events[n].LogIndex = &index
		}
		return nil
	})
}

func entry(e event.Event) translog.Entry {
	x := translog.Entry{EventID: e.ID, Type: e.Type, RecordedAt: e.RecordedAt, Canonical: e.Canonical, Index: -1}
	if e.LogIndex != nil {
		x.Index = *e.LogIndex
	}
	return x
}

func (s logStore) Entry(_ context.Context, eventID string) (x translog.Entry, err error) {
	return x, s.m.do(s.t, func(t *tx) error {
		n := slices.IndexFunc(t.records.events, func(e event.Event) bool { return e.ID == eventID })
		if n < 0 {
			return storage.ErrNotFound
		}
		x = entry(t.records.events[n])
		return nil
	})
}

// below are the entries whose index is below index, by index.
func (t *tx) below(index int64) (list []translog.Entry) {
	for _, e := range t.records.events {
		if e.LogIndex != nil && *e.LogIndex < index {
			list = append(list, entry(e))
		}
	}
	slices.SortFunc(list, func(a, b translog.Entry) int { return cmp.Compare(a.Index, b.Index) })
	return list
}

func (s logStore) Before(_ context.Context, index int64) (x translog.Entry, err error) {
	return x, s.m.do(s.t, func(t *tx) error {
		list := t.below(index)
		if len(list) == 0 {
			return storage.ErrNotFound
		}
		x = list[len(list)-1]
		return nil
	})
}

func (s logStore) Sequenced(_ context.Context, index int64) (n int64, err error) {
	return n, s.m.do(s.t, func(t *tx) error { n = int64(len(t.below(index))); return nil })
}

func (s logStore) Checkpoint(_ context.Context, epoch int) (c translog.Checkpoint, err error) {
	return c, s.m.do(s.t, func(t *tx) error {
		var ok bool
		if c, ok = t.records.checkpoints[epoch]; !ok {
			return storage.ErrNotFound
		}
		return nil
	})
}

func (s logStore) AddCheckpoint(_ context.Context, epoch int, c translog.Checkpoint, _ time.Time) error {
	return s.m.do(s.t, func(t *tx) error {
		if old, ok := t.records.checkpoints[epoch]; !ok || old.Size < c.Size {
			t.records.checkpoints[epoch] = c
		}
		return nil
	})
}

func (s logStore) AddAdoption(_ context.Context, a translog.Adoption) error {
	return s.m.do(s.t, func(t *tx) error {
		if slices.ContainsFunc(t.records.adoptions, func(o translog.Adoption) bool { return o.Epoch == a.Epoch }) {
			return storage.ErrConflict
		}
		t.records.adoptions = append(t.records.adoptions, a)
		return nil
	})
}

func (s logStore) Adoptions(context.Context) (list []translog.Adoption, err error) {
	return list, s.m.do(s.t, func(t *tx) error {
		list = slices.SortedFunc(slices.Values(t.records.adoptions), func(a, b translog.Adoption) int { return cmp.Compare(a.Epoch, b.Epoch) })
		return nil
	})
}
