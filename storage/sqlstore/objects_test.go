package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// TestConcurrentSweepSparesWhatIsNamed mixes staging, linking, unlinking and several
// sweeps, over few names and with a clock that jumps past the grace: an object
// that a row names is always there. (One that was dropped may be there too, when
// its writer slept for the whole grace: an orphan, never the reverse.)
func TestConcurrentSweepSparesWhatIsNamed(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		bucket, err := blobstore.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		defer bucket.Close()
		blobs, err := blobstore.New(bucket, blobstore.Config{})
		if err != nil {
			t.Fatal(err)
		}
		var hours atomic.Int64
		now := func() time.Time {
			return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(hours.Load()) * time.Hour)
		}
		objects := &storage.Objects{Blobs: blobs, Rows: db.BlobRows(), Now: now}
		var wg sync.WaitGroup
		for worker := range 6 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(7, uint64(worker)))
				for range 40 {
					if err := oneStep(t.Context(), db, objects, r, &hours); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		checkObjects(t, db, objects)
	})
}

// oneStep does something to one of a few objects.
func oneStep(ctx context.Context, db *sqlstore.DB, objects *storage.Objects, r *rand.Rand, hours *atomic.Int64) error {
	owner := fmt.Sprintf("own_%d", r.IntN(40))
	content := []byte("content of " + owner)
	name := "kind/" + owner + "/" + string(storage.Sum(content))
	inTx := func(fn func(ctx context.Context, s sqlstore.Session) error) error { return db.Session().InTx(ctx, fn) }
	switch n := r.IntN(10); {
	case n < 5: // as every verb does
		_, err := objects.Stage(ctx, "kind", owner, content)
		if err == nil && n < 4 {
			err = inTx(func(ctx context.Context, s sqlstore.Session) error { return s.LinkBlob(ctx, name, objects.Now()) })
		}
		if errors.Is(err, storage.ErrBlobCondemned) {
			return nil
		}
		return err
	case n < 7:
		err := inTx(func(ctx context.Context, s sqlstore.Session) error { return s.UnlinkBlob(ctx, name, objects.Now()) })
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	case n < 8:
		hours.Add(13)
		return nil
	default:
		_, err := objects.Sweep(ctx, 5)
		return err
	}
}

func checkObjects(t *testing.T, db *sqlstore.DB, objects *storage.Objects) {
	t.Helper()
	var rows []struct{ Name, State, SHA256 string }
	if err := db.Bun().NewSelect().TableExpr("evault_blobs").Column("name", "state", "sha256").Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, r := range rows {
		seen = append(seen, r.State)
		got, err := content(t.Context(), objects, r.Name)
		if r.State == "linked" && (err != nil || string(storage.Sum(got)) != r.SHA256) {
			t.Errorf("%s is linked: %q, %v", r.Name, got, err)
		}
	}
	for _, state := range []string{"linked", "dropped"} {
		if !slices.Contains(seen, state) {
			t.Errorf("no object became %s; the test proves nothing", state)
		}
	}
}

func content(ctx context.Context, objects *storage.Objects, name string) ([]byte, error) {
	r, err := objects.Blobs.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, 1<<10)
	n, _ := r.Read(b)
	return b[:n], nil
}
