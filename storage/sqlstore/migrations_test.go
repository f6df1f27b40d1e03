package sqlstore_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/sqlite"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// catalog is what a database says about its schema.
func catalog(t *testing.T, b *bun.DB, d sqlstore.Dialect) []string {
	t.Helper()
	queries := map[sqlstore.Dialect][]string{
		sqlstore.SQLite: {`SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1`},
		sqlstore.PostgreSQL: {
			`SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, column_default)
				FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1`,
			`SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1`,
			`SELECT concat_ws(' ', conrelid::regclass::text, contype, pg_get_constraintdef(oid))
				FROM pg_constraint WHERE connamespace = current_schema()::regnamespace ORDER BY 1`,
		},
	}[d]
	var all []string
	for _, q := range queries {
		var rows []string
		if err := b.NewRaw(q).Scan(t.Context(), &rows); err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
	}
	if len(all) < 50 {
		t.Fatalf("the catalog has %d rows", len(all))
	}
	return all
}

// TestMigrationFilesMakeTheSchema: a host that runs the files by itself has the
// database that Migrate makes, and both find nothing more to do.
func TestMigrationFilesMakeTheSchema(t *testing.T) {
	t.Parallel()
	testdb.EachBun(t, func(t *testing.T, b *bun.DB) {
		db, err := sqlstore.New(b)
		if err != nil {
			t.Fatal(err)
		}
		files, err := sqlstore.Migrations(db.Dialect())
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(files, "*.up.sql")
		if err != nil || len(names) < 2 {
			t.Fatalf("files %v, %v", names, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), "-- +goose Up\n") || strings.Contains(string(text), "{{") {
				t.Errorf("%s: %.80s", name, text)
			}
			if _, err := b.ExecContext(t.Context(), string(text)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("check: %v", err)
		}
		byFiles := catalog(t, b, db.Dialect())
		if err := db.Migrate(t.Context()); err != nil {
			t.Errorf("migrate: %v", err)
		}
		if !slices.Equal(catalog(t, b, db.Dialect()), byFiles) {
			t.Error("Migrate changed a schema that was up to date")
		}
		fresh := testdb.Like(t, db)
		if got := catalog(t, fresh.Bun(), db.Dialect()); !slices.Equal(got, byFiles) {
			t.Errorf("Migrate makes\n%s\nthe files make\n%s", strings.Join(got, "\n"), strings.Join(byFiles, "\n"))
		}
	})
}

func TestMigrationsAreAFileSystem(t *testing.T) {
	t.Parallel()
	for _, d := range []sqlstore.Dialect{sqlstore.SQLite, sqlstore.PostgreSQL} {
		files, err := sqlstore.Migrations(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(files, "0001_migrations.up.sql", "0002_core.up.sql"); err != nil {
			t.Errorf("%s: %v", d, err)
		}
	}
}

// mysql is SQLite under another name.
type mysql struct{ *sqlitedialect.Dialect }

func (mysql) Name() dialect.Name { return dialect.MySQL }

// TestOtherDatabasesAreRefused: none is taken for SQLite.
func TestOtherDatabasesAreRefused(t *testing.T) {
	t.Parallel()
	file, err := sqlite.Open(filepath.Join(t.TempDir(), "evault.db"))
	if err != nil {
		t.Fatal(err)
	}
	b := bun.NewDB(file, mysql{sqlitedialect.New()})
	defer b.Close()
	if _, err := sqlstore.New(b); err == nil || !strings.Contains(err.Error(), "dialect mysql is not supported") {
		t.Errorf("New: got %v", err)
	}
	for _, d := range []sqlstore.Dialect{"", "mysql", "SQLite"} {
		if _, err := sqlstore.Migrations(d); err == nil || !strings.Contains(err.Error(), "is not supported") {
			t.Errorf("Migrations(%q): got %v", d, err)
		}
	}
}
