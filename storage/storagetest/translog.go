package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault/translog"
)

// Log runs the cases of translog.Store on a store that holds nothing; events is
// a chain store on the same records.
func Log(t *testing.T, open func(t *testing.T) (log translog.Store, events event.Store)) {
	t.Helper()
	for name, run := range map[string]func(t *testing.T, s translog.Store, c event.Store){
		"head":        logHead,
		"hashes":      logHashes,
		"sequence":    logSequence,
		"places":      logPlaces,
		"checkpoints": logCheckpoints,
		"adoptions":   logAdoptions,
		"transaction": logTx,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := open(t)
			run(t, s, c)
		})
	}
}

func logHead(t *testing.T, s translog.Store, _ event.Store) {
	ctx := t.Context()
	if h, err := s.Head(ctx); err != nil || h != (translog.Head{}) {
		t.Fatalf("empty: got %+v, %v", h, err)
	}
	first := translog.Head{Origin: "vault.test/log", Size: 3, Root: translog.Hash{1, 2, 3}}
	second := translog.Head{Epoch: 1, Origin: "vault.test/log/1", Size: 9, Root: translog.Hash{4}, Prev: 3}
	if err := s.Advance(ctx, second, first); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("from a head that never was: got %v, want ErrConflict", err)
	}
	for _, step := range []struct {
		from, to translog.Head
		want     error
	}{
		{translog.Head{}, first, nil},
		{translog.Head{}, second, storage.ErrConflict},
		{translog.Head{Size: 3, Root: translog.Hash{9}}, second, storage.ErrConflict},
		{translog.Head{Epoch: 1, Size: 3, Root: first.Root}, second, storage.ErrConflict},
		{first, second, nil},
		{first, second, storage.ErrConflict},
	} {
		if err := s.Advance(ctx, step.from, step.to); !errors.Is(err, step.want) || err != nil && step.want == nil {
			t.Errorf("from %+v: got %v, want %v", step.from, err, step.want)
		}
	}
	if h, err := s.Head(ctx); err != nil || h != second {
		t.Errorf("got %+v, %v; want %+v", h, err, second)
	}
}

func logHashes(t *testing.T, s translog.Store, _ event.Store) {
	ctx := t.Context()
	all := make([]translog.Hash, 700)
	for i := range all {
		all[i] = translog.Hash{byte(i), byte(i >> 8), 1}
	}
	for _, r := range [][2]int{{0, 1}, {1, 3}, {3, 700}} {
		if err := s.AddHashes(ctx, int64(r[0]), all[r[0]:r[1]]); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Hashes(ctx, []int64{699, 0, 2, 0})
	if want := []translog.Hash{all[699], all[0], all[2], all[0]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := s.Hashes(ctx, nil); err != nil || len(got) != 0 {
		t.Errorf("none: got %v, %v", got, err)
	}
	if _, err := s.Hashes(ctx, []int64{1, 700}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("one that is not there: got %v, want ErrNotFound", err)
	}
	if err := s.AddHashes(ctx, 699, all[:2]); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("one that is there: got %v, want ErrConflict", err)
	}
}

func logSequence(t *testing.T, s translog.Store, c event.Store) {
	ctx := t.Context()
	events := appended(t, c, 3, 1, 2, 2) // committed in another order than they were recorded
	slices.SortFunc(events, func(a, b event.Event) int {
		if n := a.RecordedAt.Compare(b.RecordedAt); n != 0 {
			return n
		}
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	leaves, err := s.Unsequenced(ctx, 3)
	if err != nil || len(leaves) != 3 {
		t.Fatalf("got %d, %v; want 3", len(leaves), err)
	}
	ids := make([]string, 3)
	for i, l := range leaves {
		if l.EventID != events[i].ID || string(l.Canonical) != string(events[i].Canonical) {
			t.Errorf("leaf %d: got %s, want %s", i, l.EventID, events[i].ID)
		}
		ids[i] = l.EventID
	}
	if e, err := s.Entry(ctx, ids[1]); err != nil || e.Index != -1 {
		t.Errorf("pending: got index %d, %v; want -1", e.Index, err)
	}
	if err := s.Sequence(ctx, 7, ids); err != nil {
		t.Fatal(err)
	}
	e, err := s.Entry(ctx, ids[1])
	want := translog.Entry{EventID: ids[1], Type: "t", RecordedAt: events[1].RecordedAt, Canonical: events[1].Canonical, Index: 8}
	if d := cmp.Diff(want, e); err != nil || d != "" {
		t.Errorf("entry: %v, %s", err, d)
	}
	if err := s.Sequence(ctx, 10, ids[:1]); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("sequenced twice: got %v, want ErrConflict", err)
	}
	if leaves, err = s.Unsequenced(ctx, 3); err != nil || len(leaves) != 1 || leaves[0].EventID != events[3].ID {
		t.Errorf("left: got %v, %v", leaves, err)
	}
	if _, err := s.Entry(ctx, "evt_absent"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// appended are events of one envelope each, recorded so many microseconds after one
// day, and committed in this order.
func appended(t *testing.T, c event.Store, offsets ...int) (events []event.Event) {
	t.Helper()
	at := scopesDay
	w := eventlog.Writer{Env: storage.Env{Now: func() time.Time { return at }}.WithDefaults()}
	for i, offset := range offsets {
		at = scopesDay.Add(time.Duration(offset) * time.Microsecond)
		es, err := w.Append(t.Context(), c, eventlog.Draft{EnvelopeID: fmt.Sprintf("env_%d", i), Type: "t", Detail: map[string]int{"i": i}})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, es...)
	}
	return events
}

func logPlaces(t *testing.T, s translog.Store, c event.Store) {
	ctx := t.Context()
	var ids []string
	for _, e := range appended(t, c, 1, 2, 3) {
		ids = append(ids, e.ID)
	}
	appended(t, c, 4) // waits
	if err := s.Sequence(ctx, 7, ids); err != nil {
		t.Fatal(err)
	}
	for index, before := range map[int64]int64{8: 7, 9: 8, 100: 9} {
		if e, err := s.Before(ctx, index); err != nil || e.Index != before {
			t.Errorf("before %d: got %d, %v; want %d", index, e.Index, err, before)
		}
	}
	if _, err := s.Before(ctx, 7); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("before the first: got %v, want ErrNotFound", err)
	}
	for index, want := range map[int64]int64{7: 0, 8: 1, 100: 3} { // what waits does not count
		if n, err := s.Sequenced(ctx, index); err != nil || n != want {
			t.Errorf("below %d: got %d, %v; want %d", index, n, err, want)
		}
	}
}

func logCheckpoints(t *testing.T, s translog.Store, _ event.Store) {
	ctx := t.Context()
	if _, err := s.Checkpoint(ctx, 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	of := func(size int64, origin string) translog.Checkpoint {
		return translog.Checkpoint{Origin: origin, Size: size, Root: translog.Hash{byte(size)}, Note: fmt.Sprintf("%s — %d\n", origin, size)}
	}
	for _, c := range []translog.Checkpoint{of(3, "a"), of(11, "a"), of(7, "a"), of(11, "a")} {
		if err := s.AddCheckpoint(ctx, 0, c, scopesDay); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddCheckpoint(ctx, 1, of(5, "b"), scopesDay); err != nil {
		t.Fatal(err)
	}
	for epoch, want := range map[int]translog.Checkpoint{0: of(11, "a"), 1: of(5, "b")} {
		if got, err := s.Checkpoint(ctx, epoch); err != nil || got != want {
			t.Errorf("epoch %d: got %+v, %v; want %+v", epoch, got, err, want)
		}
	}
}

func logAdoptions(t *testing.T, s translog.Store, _ event.Store) {
	ctx := t.Context()
	var want []translog.Adoption
	for _, epoch := range []int{1, 2} {
		a := translog.Adoption{Epoch: epoch, Origin: fmt.Sprint("o", epoch), Note: "łost\n", AdoptedAt: scopesDay}
		if err := s.AddAdoption(ctx, a); err != nil {
			t.Fatal(err)
		}
		if err := s.AddAdoption(ctx, a); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("twice: got %v, want ErrConflict", err)
		}
		want = append(want, a)
	}
	got, err := s.Adoptions(ctx)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, %s", err, d)
	}
}

func logTx(t *testing.T, s translog.Store, _ event.Store) {
	stop := errors.New("stop")
	err := s.InTx(t.Context(), func(ctx context.Context, s translog.Store) error {
		if err := s.Advance(ctx, translog.Head{}, translog.Head{Origin: "o", Size: 1}); err != nil {
			return err
		}
		if h, err := s.Head(ctx); err != nil || h.Size != 1 {
			t.Errorf("inside: got %+v, %v", h, err)
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("got %v, want the closure's", err)
	}
	if h, err := s.Head(t.Context()); err != nil || h != (translog.Head{}) {
		t.Errorf("rolled back: got %+v, %v", h, err)
	}
}
