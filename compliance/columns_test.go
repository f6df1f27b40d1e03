package compliance_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// I8: an edit of any one column that a certificate or a check rests on is found.
// Every column of these tables is edited, in the first row that has a value, but
// those named, which say when or how often something was done and decide nothing.
// A run takes one column in eight; with EVAULT_ACCEPT=1 all.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	idle := map[string][]string{
		"evault_events":          {"dispatched_at"},
		"evault_event_details":   {},
		"evault_copies":          {"source_level", "integrity_checked_at", "integrity_ok", "quarantined_at", "revision"},
		"evault_versions":        {},
		"evault_claims":          {"version", "claimed_at"},
		"evault_copy_register":   {},
		"evault_custody":         {},
		"evault_acknowledgments": {"key_id"},
		"evault_certificates":    {},
	}
	whole := newWorld(t)
	id := whole.completed()
	whole.vaultIn(id)
	whole.inspect(id)
	_, err := whole.log.Integrate(t.Context())
	check(t, err)
	whole.clock.advance(2 * time.Minute) // nothing is pending any more
	if got := failed(whole.evaluate(id).Result); len(got) != 0 {
		t.Fatalf("before any edit: %v", got)
	}
	snapshot := whole.snapshot()
	type column struct{ table, name, kind string }
	var columns []column
	for table, skip := range idle {
		var rows []struct{ Name, Type string }
		check(t, whole.db.Bun().NewRaw("SELECT name, type FROM pragma_table_info(?)", table).Scan(t.Context(), &rows))
		for _, r := range rows {
			if !slices.Contains(skip, r.Name) {
				columns = append(columns, column{table, r.Name, r.Type})
			}
		}
	}
	slices.SortFunc(columns, func(a, b column) int { return slices.Compare([]string{a.table, a.name}, []string{b.table, b.name}) })
	other := map[string]string{
		"TEXT": "%s || 'x'", "BLOB": "zeroblob(4)", "BIGINT": "%s + 1000", "INTEGER": "%s + 1000", "BOOLEAN": "NOT %s",
		"TIMESTAMP": "'2020-01-01 00:00:00+00:00'",
	}
	for i, c := range columns {
		if os.Getenv("EVAULT_ACCEPT") == "" && i%8 != 0 {
			continue
		}
		t.Run(c.table+"."+c.name, func(t *testing.T) {
			t.Parallel()
			w := whole.copied(t, snapshot)
			db := w.db.Bun()
			db.SetMaxOpenConns(1) // so that the pragma holds
			_, err := db.ExecContext(t.Context(), "PRAGMA foreign_keys = OFF")
			check(t, err)
			value := other[c.kind]
			if value == "" {
				t.Fatalf("no other value of type %s", c.kind)
			}
			if value[0] == '%' || value[0] == 'N' {
				value = fmt.Sprintf(value, c.name)
			}
			res, err := db.ExecContext(t.Context(), fmt.Sprintf(
				"UPDATE %s SET %s = %s WHERE rowid = (SELECT min(rowid) FROM %[1]s WHERE %[2]s IS NOT NULL)", c.table, c.name, value, c.table))
			check(t, err)
			if n, _ := res.RowsAffected(); n == 0 {
				t.Skip("no row has a value")
			}
			e, err := w.engine.Evaluate(t.Context(), dealer.OrgID, id, actor)
			if err == nil && *e.Compliant {
				t.Error("the edit is not found")
			}
		})
	}
}
