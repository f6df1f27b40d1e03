package compliance_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// completedWorld is a world with an envelope that both have signed, and its id.
func completedWorld(t testing.TB, edit ...func(*setup)) (*world, string) {
	t.Helper()
	return once.completed.world(t, edit, func() (*world, string) {
		w := newWorld(t)
		return w, w.completed()
	})
}

// vaultedWorld is a world with one that is in the vault too.
func vaultedWorld(t testing.TB, edit ...func(*setup)) (*world, string) {
	t.Helper()
	return once.vaulted.world(t, edit, func() (*world, string) {
		w, id := completedWorld(t)
		w.vaultIn(id)
		return w, id
	})
}

// once are worlds that many tests begin with: made by the first of them, and
// copied for each.
var once struct{ completed, vaulted beginning }

type beginning struct {
	made sync.Once
	id   string
	image
}

func (b *beginning) world(t testing.TB, edit []func(*setup), begin func() (*world, string)) (*world, string) {
	t.Helper()
	b.made.Do(func() {
		w, id := begin()
		b.id, b.image = id, w.image()
	})
	return b.copied(t, edit...), b.id
}

// image is all that a world has stored, and its time.
type image struct {
	db    []byte
	blobs fstest.MapFS
	at    int64
}

func (w *world) image() image {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "image.db")
	_, err := w.db.Bun().ExecContext(w.t.Context(), "VACUUM INTO ?", path)
	check(w.t, err)
	i := image{blobs: fstest.MapFS{}, at: w.clock.at.Load()}
	i.db, err = os.ReadFile(path)
	check(w.t, err)
	folder := os.DirFS(w.dir)
	check(w.t, fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(folder, name)
		i.blobs[name] = &fstest.MapFile{Data: b, Mode: 0o600}
		return err
	}))
	return i
}

// copied is a world that has stored the same.
func (i image) copied(t testing.TB, edit ...func(*setup)) *world {
	t.Helper()
	if i.db == nil {
		t.Fatal("the test that was to make this world failed")
	}
	dir := t.TempDir()
	check(t, os.CopyFS(filepath.Join(dir, "blobs"), i.blobs))
	check(t, os.WriteFile(filepath.Join(dir, "evault.db"), i.db, 0o600))
	db, err := sqlite.Open(filepath.Join(dir, "evault.db"))
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	stores, err := sqlstore.New(bun.NewDB(db, sqlitedialect.New()))
	check(t, err)
	c := &clock{}
	c.at.Store(i.at)
	return newWorldOn(t, &world{db: stores, dir: filepath.Join(dir, "blobs"), clock: c}, edit...)
}
