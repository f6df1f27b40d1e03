package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/evaultlib/evault/storage"
)

// InTx runs fn in a transaction of the backend under test.
type InTx func(ctx context.Context, fn func(ctx context.Context, tx storage.Tx) error) error

var errRollback = errors.New("storagetest: roll back")

func object(name string) storage.Object {
	return storage.Object{Name: name, SHA256: storage.Sum([]byte(name)), Size: 7}
}

// BlobRows runs the cases of storage.BlobRows; each calls open for empty rows.
func BlobRows(t *testing.T, open func(t *testing.T) (storage.BlobRows, InTx)) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, r storage.BlobRows, inTx InTx)
	}{
		{"life", rowsLife},
		{"grace", rowsGrace},
		{"rolled back", rowsRolledBack},
		{"link or condemn", rowsRace},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, inTx := open(t)
			c.run(t, r, inTx)
		})
	}
}

// rowsLife walks every verb in every state.
func rowsLife(t *testing.T, r storage.BlobRows, inTx InTx) {
	verbs := map[string]func(ctx context.Context, name string) error{
		"stage": func(ctx context.Context, n string) error { return r.Stage(ctx, object(n), day) },
		"link": func(ctx context.Context, n string) error {
			return inTx(ctx, func(ctx context.Context, tx storage.Tx) error { return r.Link(ctx, tx, n, day) })
		},
		"unlink": func(ctx context.Context, n string) error {
			return inTx(ctx, func(ctx context.Context, tx storage.Tx) error { return r.Unlink(ctx, tx, n, day) })
		},
		"drop": r.Drop,
	}
	states := map[string][]string{
		"absent":    nil,
		"staged":    {"stage"},
		"linked":    {"stage", "link"},
		"condemned": {"stage", "link", "unlink"},
		"dropped":   {"stage", "link", "unlink", "drop"},
	}
	want := map[string]map[string]error{
		"stage":  {"condemned": storage.ErrBlobCondemned, "dropped": storage.ErrBlobCondemned},
		"link":   {"absent": storage.ErrNotFound, "condemned": storage.ErrBlobCondemned, "dropped": storage.ErrBlobCondemned},
		"unlink": {"absent": storage.ErrNotFound, "staged": storage.ErrNotFound},
		"drop":   {},
	}
	for state, way := range states {
		for verb, run := range verbs {
			name := state + "/" + verb
			for _, step := range way {
				if err := verbs[step](t.Context(), name); err != nil {
					t.Fatalf("%s: %s: %v", name, step, err)
				}
			}
			wantErr(t, verb+" when "+state, run(t.Context(), name), want[verb][state])
		}
	}
}

// late is after everything that these cases do.
var late = day.Add(1000 * time.Hour)

func rowsGrace(t *testing.T, r storage.BlobRows, _ InTx) {
	ctx := t.Context()
	for i, name := range []string{"a", "b", "c", "d"} {
		if err := r.Stage(ctx, object(name), day.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Stage(ctx, object("a"), day.Add(10*time.Hour)); err != nil { // its grace begins anew
		t.Fatal(err)
	}
	if err := r.Condemn(ctx, day.Add(3*time.Hour), 1); err != nil {
		t.Fatal(err)
	}
	condemned := func(want ...string) {
		t.Helper()
		got, err := r.Condemned(ctx, late, 10)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	condemned("b")
	if err := r.Condemn(ctx, day.Add(3*time.Hour), 10); err != nil { // d is exactly that old, and spared
		t.Fatal(err)
	}
	condemned("b", "c")
	if got, err := r.Condemned(ctx, late, 1); err != nil || len(got) != 1 {
		t.Errorf("limit 1: got %v, %v", got, err)
	}
	waits := func(before, now time.Time, want bool) {
		t.Helper()
		if got, err := r.Waits(ctx, before, now); err != nil || got != want {
			t.Errorf("waits: got %v, %v; want %v", got, err, want)
		}
	}
	waits(day, day.Add(-time.Hour), false)
	waits(late, day.Add(-time.Hour), true) // staged
	waits(day, late, true)                 // condemned
	wantErr(t, "postpone", r.Postpone(ctx, "b", late.Add(time.Hour)), nil)
	condemned("c")
	wantErr(t, "postpone", r.Postpone(ctx, "b", late), nil)
	condemned("c", "b")
	wantErr(t, "drop", r.Drop(ctx, "b"), nil)
	condemned("c")
}

func rowsRolledBack(t *testing.T, r storage.BlobRows, inTx InTx) {
	ctx := t.Context()
	if err := r.Stage(ctx, object("a"), day); err != nil {
		t.Fatal(err)
	}
	err := inTx(ctx, func(ctx context.Context, tx storage.Tx) error {
		if err := r.Link(ctx, tx, "a", day); err != nil {
			return err
		}
		return errRollback
	})
	wantErr(t, "rolled back", err, errRollback)
	if err := r.Condemn(ctx, day.Add(time.Hour), 10); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Condemned(ctx, late, 10); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v; want the row staged again, and condemned", got, err)
	}
}

// rowsRace links while the sweep condemns: whoever is first wins, and both
// agree on it.
func rowsRace(t *testing.T, r storage.BlobRows, inTx InTx) {
	const n = 30
	for i := range n {
		if err := r.Stage(t.Context(), object(fmt.Sprint(i)), day); err != nil {
			t.Fatal(err)
		}
	}
	linked := make([]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := inTx(t.Context(), func(ctx context.Context, tx storage.Tx) error { return r.Link(ctx, tx, fmt.Sprint(i), day) })
			if err != nil && !errors.Is(err, storage.ErrBlobCondemned) {
				t.Error(err)
			}
			linked[i] = err == nil
		})
		if i%5 == 0 {
			wg.Go(func() {
				if err := r.Condemn(t.Context(), day.Add(time.Hour), n); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	names, err := r.Condemned(t.Context(), late, n)
	if err != nil {
		t.Fatal(err)
	}
	condemned := map[string]bool{}
	for _, name := range names {
		condemned[name] = true
	}
	for i := range n {
		if linked[i] == condemned[fmt.Sprint(i)] {
			t.Errorf("%d: linked %v, condemned %v", i, linked[i], condemned[fmt.Sprint(i)])
		}
	}
}

// Leases runs the cases of storage.Leases on l, which may hold others.
func Leases(t *testing.T, l storage.Leases) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, l storage.Leases)
	}{{"steps", leasesSteps}, {"race", leasesRace}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, l)
		})
	}
}

func leasesSteps(t *testing.T, l storage.Leases) {
	name := unique()("job")
	release := func(holder string) {
		t.Helper()
		if err := l.Release(t.Context(), name, holder); err != nil {
			t.Fatal(err)
		}
	}
	acquire := func(holder string, at time.Duration, want bool) {
		t.Helper()
		got, err := l.Acquire(t.Context(), name, holder, day.Add(at), time.Minute)
		if err != nil || got != want {
			t.Errorf("%s at %v: got %v, %v; want %v", holder, at, got, err, want)
		}
	}
	acquire("a", 0, true)
	acquire("b", 59*time.Second, false)
	acquire("a", 30*time.Second, true) // extended to 1m30s
	acquire("b", time.Minute, false)
	acquire("b", 90*time.Second, true) // over
	acquire("a", 90*time.Second, false)
	release("a") // not its own
	acquire("a", 91*time.Second, false)
	release("b")
	acquire("a", 91*time.Second, true)
}

func leasesRace(t *testing.T, l storage.Leases) {
	name := unique()("job")
	won := make(chan int, 16)
	var wg sync.WaitGroup
	for i := range cap(won) {
		wg.Go(func() {
			ok, err := l.Acquire(t.Context(), name, fmt.Sprint(i), day, time.Minute)
			if err != nil {
				t.Error(err)
			}
			if ok {
				won <- i
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Errorf("%d holders", len(won))
	}
}
