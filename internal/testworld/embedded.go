package testworld

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/embedded"
)

// Open opens an embedded installation, which is closed when the test ends. A new one
// without a database of its own begins with a migrated file.
func Open(t testing.TB, o embedded.Options) *embedded.Embedded {
	t.Helper()
	if file := filepath.Join(o.Dir, "evault.db"); o.DB == nil && missing(file) && os.MkdirAll(o.Dir, 0o700) == nil {
		testdb.WriteFile(t, file)
	}
	e, err := embedded.Open(t.Context(), o)
	Check(t, err)
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func missing(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}
