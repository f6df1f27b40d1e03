package sqlstore_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage/sqlstore"
)

// recorder keeps the text of the statements that read or change rows.
type recorder struct {
	mu   sync.Mutex
	text []string
}

func (r *recorder) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if m := regexp.MustCompile(`^\s*(SELECT|WITH|UPDATE|DELETE)\b`); m.MatchString(e.Query) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.text = append(r.text, e.Query)
	}
	return ctx
}

func (r *recorder) AfterQuery(context.Context, *bun.QueryEvent) {}

// plan explains a statement. It does not run it.
func plan(t *testing.T, db *bun.DB, query string) string {
	t.Helper()
	explain, wide := "EXPLAIN (COSTS OFF) ", 1
	if db.Dialect().Name() == dialect.SQLite {
		explain, wide = "EXPLAIN QUERY PLAN ", 4
	}
	rows, err := db.DB.QueryContext(t.Context(), explain+query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		cells := make([]any, wide)
		for i := range cells {
			cells[i] = new(any)
		}
		if err := rows.Scan(cells...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(*cells[wide-1].(*any)))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// wasteful are the words of plans that read a whole table or index, or sort
// everything that waits before the limit cuts it.
var wasteful = map[dialect.Name]*regexp.Regexp{
	dialect.SQLite: regexp.MustCompile(`(?m)SCAN (evault_|e\b|env\b)|USE TEMP B-TREE FOR ORDER BY`),
	dialect.PG:     regexp.MustCompile(`Seq Scan on evault_|(?m)^\s*(->)?\s*Sort\b`),
}

// manyEvents adds events to two thousand envelopes; one in each waits for the log.
const manyEvents = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO evault_events (event_id, envelope_id, seq, type, recorded_at, actor_kind, actor_id, data, detail_sha256, prev_hash, hash, canonical, log_index)
SELECT 'evt_' || i, 'env_' || (i / 10), i % 10, 't', ?, 'system', 'test', '{}', '', '', '', ?, CASE WHEN i % 10 > 0 THEN i END FROM n`

func fill(t *testing.T, db *bun.DB, statements ...string) {
	t.Helper()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s, at, []byte{1}); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
	if db.Dialect().Name() == dialect.PG { // as autovacuum does; SQLite has no statistics
		if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPlansOfTheLog: what the integrator reads and writes is found by index, in
// order, however much waits.
func TestPlansOfTheLog(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		fill(t, db.Bun(), manyEvents)
		r := &recorder{}
		db.Bun().AddQueryHook(r)
		leaves, err := db.Log().Unsequenced(t.Context(), 20)
		if err != nil || len(leaves) != 20 {
			t.Fatalf("got %d events, %v", len(leaves), err)
		}
		r.cheap(t, db.Bun(), 1, "log_index")
		ids := make([]string, len(leaves))
		for i, l := range leaves {
			ids[i] = l.EventID
		}
		if err := db.Log().Sequence(t.Context(), 100000, ids); err != nil {
			t.Fatal(err)
		}
		r.cheap(t, db.Bun(), 1, "event_id") // not each waiting event for each id
	})
}

// cheap fails the test unless each of the statements recorded, at least want,
// reads no more than it asks for, by an index whose column its plan names.
func (r *recorder) cheap(t *testing.T, db *bun.DB, want int, column string) {
	t.Helper()
	if len(r.text) < want {
		t.Fatalf("saw %d statements, want %d or more: %q", len(r.text), want, r.text)
	}
	for _, q := range r.text {
		p := plan(t, db, q)
		if wasteful[db.Dialect().Name()].MatchString(p) || !strings.Contains(p, column) {
			t.Errorf("%.300s\n%s", q, p)
		}
	}
	r.text = nil
}
