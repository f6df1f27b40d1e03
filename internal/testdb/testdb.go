// Package testdb gives tests fresh, migrated databases: SQLite in the test's
// own folder and, when EVAULT_POSTGRES holds the data source name of a
// PostgreSQL server, a new schema there.
//
// Stability: for the tests of this module only; it may change with any version.
package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// Env names the environment variable with PostgreSQL's data source name, in
// the form of a URL or of key=value pairs.
const Env = "EVAULT_POSTGRES"

// Open returns the stores of a new, migrated SQLite database that ends with the
// test.
func Open(t testing.TB) *sqlstore.DB {
	t.Helper()
	return migrated(t, "sqlite")
}

// migrated returns the stores of a new, migrated database of a kind.
func migrated(t testing.TB, kind string) *sqlstore.DB {
	t.Helper()
	if kind == "postgres" {
		return Stores(t, Postgres(t))
	}
	b, err := image()
	if err != nil {
		t.Fatal(err)
	}
	return OpenFile(t, b)
}

// OpenFile returns the stores of a SQLite database that begins with the content of a
// file.
func OpenFile(t testing.TB, content []byte) *sqlstore.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "evault.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.New(openFile(t, path, nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// WriteFile makes path a migrated SQLite database, for a test that lets an
// installation open it.
func WriteFile(t testing.TB, path string) {
	t.Helper()
	b, err := image()
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// image is the file of a migrated database. Migrating takes longer than most of
// the tests that need one.
var image = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "evault-testdb")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(filepath.Join(dir, "migrated.db"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	s, err := sqlstore.New(bun.NewDB(db, sqlitedialect.New()))
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(context.Background()); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "image.db")
	if _, err := db.Exec("VACUUM INTO ?", path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Each runs fn as a parallel subtest on a new, migrated SQLite database and,
// with EVAULT_POSTGRES set, on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, db *sqlstore.DB)) {
	t.Helper()
	each(t, func(t *testing.T, kind string) { fn(t, migrated(t, kind)) })
}

// each runs fn as a parallel subtest of every kind of database.
func each(t *testing.T, fn func(t *testing.T, kind string)) {
	t.Helper()
	kinds := []string{"sqlite"}
	if os.Getenv(Env) != "" {
		kinds = append(kinds, "postgres")
	}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			fn(t, kind)
		})
	}
}

// of opens a new, empty database of each kind.
var of = map[string]OpenWrapped{"sqlite": openSQLite, "postgres": openPostgres}

// Like returns the stores of a new, migrated database of the same kind as db.
func Like(t testing.TB, db *sqlstore.DB) *sqlstore.DB {
	t.Helper()
	if db.Dialect() == sqlstore.PostgreSQL {
		return Stores(t, Postgres(t))
	}
	return Open(t)
}

// EachBun is Each with databases that are empty.
func EachBun(t *testing.T, fn func(t *testing.T, db *bun.DB)) {
	t.Helper()
	each(t, func(t *testing.T, kind string) { fn(t, of[kind](t, nil)) })
}

// Wrap stands between database/sql and the driver, for instance
// storagetest.Faults.Connector. Nil is none.
type Wrap func(driver.Connector) driver.Connector

// OpenWrapped opens a new, empty database through w.
type OpenWrapped func(t testing.TB, w Wrap) *bun.DB

// EachFaulty runs fn as EachBun does, leaving it to fn to open databases with
// the faults it wants.
func EachFaulty(t *testing.T, fn func(t *testing.T, open OpenWrapped)) {
	t.Helper()
	each(t, func(t *testing.T, kind string) { fn(t, of[kind]) })
}

// SQLite returns a new, empty database in the test's folder.
func SQLite(t testing.TB) *bun.DB {
	t.Helper()
	return openSQLite(t, nil)
}

// Postgres returns a database whose connections see a new, empty schema only.
// It skips the test when EVAULT_POSTGRES is not set.
func Postgres(t testing.TB) *bun.DB {
	t.Helper()
	return openPostgres(t, nil)
}

func openSQLite(t testing.TB, w Wrap) *bun.DB {
	t.Helper()
	return openFile(t, filepath.Join(t.TempDir(), "evault.db"), w)
}

func openFile(t testing.TB, path string, w Wrap) *bun.DB {
	t.Helper()
	c, err := sqlite.Connector(path)
	if err != nil {
		t.Fatal(err)
	}
	if c = (unsynced{c}); w != nil {
		return closing(t, bun.NewDB(sql.OpenDB(w(c)), sqlitedialect.New()))
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return closing(t, bun.NewDB(db, sqlitedialect.New()))
}

// connections are as many as sqlite.Open has at least.
const connections = 8

// unsynced opens connections that leave it to the operating system when to write: no
// test here outlives it.
type unsynced struct{ driver.Connector }

func (u unsynced) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := u.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err = c.(driver.ExecerContext).ExecContext(ctx, "PRAGMA synchronous = OFF", nil); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func openPostgres(t testing.TB, w Wrap) *bun.DB {
	t.Helper()
	dsn := os.Getenv(Env)
	if dsn == "" {
		t.Skip(Env + " is not set")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	admin := stdlib.OpenDB(*config)
	schema := "evault_test_" + strings.ToLower(rand.Text())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := admin.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Errorf("drop schema: %v", err)
		}
		_ = admin.Close()
	})
	config.RuntimeParams["search_path"] = schema
	c := stdlib.GetConnector(*config)
	if w != nil {
		c = w(c)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(16)
	return closing(t, bun.NewDB(db, pgdialect.New()))
}

func closing(t testing.TB, db *bun.DB) *bun.DB {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// Stores migrates db and returns its stores.
func Stores(t testing.TB, db *bun.DB) *sqlstore.DB {
	t.Helper()
	s, err := sqlstore.New(db)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
