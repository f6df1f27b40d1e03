package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/blobstore"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/storage/storagetest"
)

// TestFaults makes every call of writing an object and naming it in a
// transaction fail, before and after its effect: the error is typed, the state
// is the old or the new one, and repeating the verb succeeds.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]storagetest.How{"before": storagetest.Before, "after": storagetest.After} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachFaulty(t, func(t *testing.T, open testdb.OpenWrapped) {
				f := &storagetest.Faults{}
				everyFault(t, testdb.Stores(t, open(t, f.Connector)), f, how)
			})
		})
	}
}

func everyFault(t *testing.T, db *sqlstore.DB, f *storagetest.Faults, how storagetest.How) {
	bucket, err := blobstore.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	blobs, err := blobstore.New(bucket, blobstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	objects := &storage.Objects{Blobs: f.Blobs(blobs), Rows: db.BlobRows(), Now: environ.Clock(nil)}
	verb := func(env string) error { return storeAndName(t.Context(), db, objects, env) }

	f.Arm(nil)
	if err := verb("env_count"); err != nil {
		t.Fatal(err)
	}
	calls := f.Calls()
	if len(calls) < 8 { // stage, put, begin, head, event, head, event, link, commit
		t.Fatalf("only %d calls: %q", len(calls), calls)
	}
	for k := 1; k <= len(calls); k++ {
		env := fmt.Sprintf("env_%d", k)
		f.Arm(map[int]storagetest.How{k: how})
		err := verb(env)
		f.Arm(nil)
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("call %d, %s: got %v, want ErrUnavailable", k, calls[k-1], err)
		}
		before := len(wantOldOrNew(t, db, objects, env))
		if err := verb(env); err != nil {
			t.Errorf("call %d, %s: repeated: %v", k, calls[k-1], err)
		}
		if got := len(wantOldOrNew(t, db, objects, env)); got != before+2 {
			t.Errorf("call %d, %s: got %d events after repeating, had %d", k, calls[k-1], got, before)
		}
	}
	if n := db.Bun().Stats().InUse; n != 0 {
		t.Errorf("%d connections leaked", n)
	}
}

// storeAndName is the way of every verb that stores bytes.
func storeAndName(ctx context.Context, db *sqlstore.DB, objects *storage.Objects, env string) error {
	o, err := objects.Stage(ctx, "upload", env, []byte("bytes of "+env))
	if err != nil {
		return err
	}
	st := eventlog.Writer{Env: storage.Env{}.WithDefaults()}
	return db.Session().InTx(ctx, func(ctx context.Context, s sqlstore.Session) error {
		for range 2 {
			if _, err := st.Append(ctx, s, eventlog.Draft{EnvelopeID: env, Type: "t", Data: map[string]string{"name": o.Name}}); err != nil {
				return err
			}
		}
		return s.LinkBlob(ctx, o.Name, st.Now())
	})
}

// wantOldOrNew checks that the chain is whole and that the object is linked,
// and readable, exactly when the chain names it.
func wantOldOrNew(t *testing.T, db *sqlstore.DB, objects *storage.Objects, env string) []event.Event {
	t.Helper()
	es, err := db.Session().Events(t.Context(), env)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := event.Verify(env, es); err != nil || len(es)%2 != 0 {
		t.Errorf("%s: %d events, %v", env, len(es), err)
	}
	body := []byte("bytes of " + env)
	o := storage.Object{Name: "upload/" + env + "/" + string(storage.Sum(body)), SHA256: storage.Sum(body), Size: int64(len(body))}
	if len(es) > 0 {
		if _, err := objects.Read(t.Context(), o); err != nil {
			t.Errorf("%s: the chain names an object that cannot be read: %v", env, err)
		}
	}
	linked, err := db.Bun().NewSelect().TableExpr("evault_blobs").Where("name = ?", o.Name).Where("state = 'linked'").Exists(t.Context())
	if err != nil || linked != (len(es) > 0) {
		t.Errorf("%s: linked %v with %d events, %v", env, linked, len(es), err)
	}
	return es
}

// TestReadFaults makes every call of reading an object fail.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	bucket, err := blobstore.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	blobs, err := blobstore.New(bucket, blobstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := &storagetest.Faults{}
	objects := &storage.Objects{Blobs: f.Blobs(blobs), Rows: testdb.Open(t).BlobRows(), Now: environ.Clock(nil)}
	o, err := objects.Stage(t.Context(), "upload", "env", []byte("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range map[int]error{1: storage.ErrUnavailable, 2: storage.ErrUnavailable, 3: nil} { // open, read, no more
		f.Arm(map[int]storagetest.How{k: storagetest.Before})
		if _, err := objects.Read(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("call %d: got %v, want %v", k, err, want)
		}
		f.Arm(map[int]storagetest.How{k: storagetest.After})
		if _, _, err := objects.Hash(t.Context(), o); !errors.Is(err, want) {
			t.Errorf("hash, call %d: got %v, want %v", k, err, want)
		}
	}
	f.Arm(nil)
	for name, wrong := range map[string]storage.Object{
		"shorter": {Name: o.Name, SHA256: o.SHA256, Size: o.Size + 1},
		"longer":  {Name: o.Name, SHA256: o.SHA256, Size: o.Size - 1},
		"other":   {Name: o.Name, SHA256: storage.Sum(nil), Size: o.Size},
	} {
		if _, err := objects.Read(t.Context(), wrong); !errors.Is(err, storage.ErrDigest) {
			t.Errorf("%s: got %v, want ErrDigest", name, err)
		}
	}
}
