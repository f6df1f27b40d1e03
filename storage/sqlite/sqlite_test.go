package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/evaultlib/evault/storage/sqlite"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", ":memory:", "file::memory:?cache=shared", "a\x00b"} {
		if db, err := sqlite.Open(path); err == nil {
			_ = db.Close()
			t.Errorf("Open(%q) succeeded", path)
		}
	}
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "no", "folder", "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err == nil {
		t.Error("a database in a folder that is not there opened")
	}
}

// Every connection of the pool has the settings, not just the first.
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "sp ace ?#%41&;'\"é.db"} {
		path := filepath.Join(t.TempDir(), name)
		db, err := sqlite.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range 3 {
			c, err := db.Conn(t.Context()) // kept, so that each is another one
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000"} {
				var got string
				if err := c.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s: got %q, %v; want %q", pragma, got, err, want)
				}
			}
			var file string
			if err := c.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil || filepath.Base(file) != name {
				t.Errorf("got file %q, %v; want %q", file, err, name)
			}
		}
	}
}

// Transactions that read before they write do not fail under load, and readers
// go on beside a writer.
func TestConcurrentReadThenWrite(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE c (n INTEGER); INSERT INTO c VALUES (0)"); err != nil {
		t.Fatal(err)
	}
	add := func(ctx context.Context) (err error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, tx.Commit()) }()
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT n FROM c").Scan(&n); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE c SET n = ?", n+1)
		return err
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if err := add(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	tx, err := db.Begin() // holds the writer's lock
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	var n int
	if err := db.QueryRow("SELECT n FROM c").Scan(&n); err != nil || n != 40 {
		t.Errorf("got %d, %v; want 40", n, err)
	}
}
