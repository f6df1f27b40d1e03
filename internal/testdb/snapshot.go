package testdb

import (
	"slices"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// Snapshot keeps what the tables of db hold now, as a backup does. The function
// that it returns puts all of it back.
func Snapshot(t testing.TB, db *bun.DB) (restore func()) {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'evault_%' ORDER BY rowid`
	if db.Dialect().Name() == dialect.PG {
		query = `SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname LIKE 'evault_%' ORDER BY oid`
	}
	var tables []string // those that others refer to first
	if err := db.NewRaw(query).Scan(t.Context(), &tables); err != nil || len(tables) == 0 {
		t.Fatalf("tables: %d, %v", len(tables), err)
	}
	exec := func(statement, table string) {
		t.Helper()
		if _, err := db.NewRaw(statement, bun.Ident(table), bun.Ident("kept_"+table)).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tables {
		exec("CREATE TABLE ?1 AS SELECT * FROM ?0", table)
	}
	return func() {
		t.Helper()
		for _, table := range slices.Backward(tables) {
			exec("DELETE FROM ?0", table)
		}
		for _, table := range tables {
			exec("INSERT INTO ?0 SELECT * FROM ?1", table)
		}
	}
}
