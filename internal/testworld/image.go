package testworld

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/evaultlib/evault/internal/testdb"
)

// Image is all that a world on SQLite has stored, and its time: many tests begin with
// a copy of a world that one of them made.
type Image struct {
	db    []byte
	blobs fstest.MapFS
	start time.Time
	moved int64
}

// Image reads what b has stored.
func (b *Base) Image() Image {
	b.T.Helper()
	path := filepath.Join(b.T.TempDir(), "image.db")
	_, err := b.DB.Bun().ExecContext(b.T.Context(), "VACUUM INTO ?", path)
	Check(b.T, err)
	i := Image{blobs: fstest.MapFS{}, start: b.Clock.start, moved: b.Clock.moved.Load()}
	i.db, err = os.ReadFile(path)
	Check(b.T, err)
	folder := os.DirFS(b.Dir)
	Check(b.T, fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(folder, name)
		i.blobs[name] = &fstest.MapFile{Data: content, Mode: 0o600}
		return err
	}))
	return i
}

// Restored is the database of i beside the objects of a later image: what a backup of the
// database brings back.
func (i Image) Restored(later Image) Image {
	i.blobs, i.moved = later.blobs, later.moved
	return i
}

// Base is one that has stored the same.
func (i Image) Base(t testing.TB) *Base {
	t.Helper()
	if i.db == nil {
		t.Fatal("the test that was to make this world failed")
	}
	dir := filepath.Join(t.TempDir(), "blobs")
	Check(t, os.CopyFS(dir, i.blobs))
	c := NewClock(i.start)
	c.moved.Store(i.moved)
	return NewBase(t, Options{DB: testdb.OpenFile(t, i.db), Dir: dir, Clock: c})
}
