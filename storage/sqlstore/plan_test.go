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

	"github.com/evaultlib/evault/esign"
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
	dialect.SQLite: regexp.MustCompile(`(?m)SCAN (evault_|e\b|summary_row|\w+_row)|USE TEMP B-TREE FOR ORDER BY`),
	dialect.PG:     regexp.MustCompile(`Seq Scan on evault_|(?m)^\s*(->)?\s*Sort\b`),
}

// wholeTable are those that read a whole table or index.
var wholeTable = map[dialect.Name]*regexp.Regexp{
	dialect.SQLite: regexp.MustCompile(`(?m)SCAN (evault_|summary_row)`),
	// The tables that are empty here are read as a whole, of course.
	dialect.PG: regexp.MustCompile(`Seq Scan on evault_(envelopes|copies|versions|releases|evaluations|certificates_due|notices|blobs|tickets|webhook)`),
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
		db, err := sqlstore.New(db.Bun().WithQueryHook(r))
		if err != nil {
			t.Fatal(err)
		}
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

// manyRows fills the tables of due work with rows of which one in a hundred is due.
var manyRows = []string{
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_envelopes (envelope_id, org_id, name, kind, status, customer_id, customer_email, customer_name, created_at, updated_at,
 completed_at, expires_at, void_reason, sealing_error, signers_total, signers_signed, document_hash, revision, seal_attempts, seal_after,
 signing_order, consent, expires_in_days, auto_vault, vault_due_at, redirect_url, message, metadata, time_zone)
SELECT 'env_' || i, 'org', '', 'e_sign', CASE i % 4 WHEN 0 THEN 'sent' WHEN 1 THEN 'signed' ELSE 'completed' END, 'c', '', '', ?0, ?0,
 ?0, CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END, '', '', 1, 1, '', 1, 0, CASE WHEN i % 100 = 1 THEN ?0 ELSE ?1 END,
 '', '', 30, i % 4 = 2, CASE WHEN i % 100 = 2 THEN ?0 WHEN i % 4 = 2 THEN ?1 END, '', '', '{}', '' FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_signers (signer_id, envelope_id, position, email, name, role, signing_order, auth, status, link_version, decline_reason,
 disclosure_sha256, disclosure_locale, presented_sha256, signature_kind, signed_request, address, user_agent, remind_at)
SELECT 'sgn_' || i, 'env_' || i, 0, '', '', '', 1, '', 'notified', 1, '', '', '', '', '', '', '', '',
 CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_copies (copy_id, envelope_id, org_id, status, name, customer_id, version, document_hash, size, seal, source_kind,
 source_object, source_sha256, source_size, document_sha256, origins, sealing, source_level, secured_party, controller, custodian, capacity,
 regime, regime_basis, jurisdiction, vaulted_at, integrity_checked_at, integrity_ok, check_from, stored_event_id, revision)
SELECT 'cpy_' || i, 'env_' || i, 'org', 'vaulted', '', '', 1, '', 1, '{}', '', 'o' || i, '', 1, '', '[]', '{}', '', '{}', '{}', '{}', '',
 '', '', '', ?0, ?0, ?2, CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END, '', 1 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_releases (release_id, envelope_id, copy_id, org_id, reason, note, recipient, released_at, version, sha256, size,
 ends_version, statement, event_id, package_object, package_due_at, delete_after, deleted_at, revision)
SELECT 'rel_' || i, 'env_' || i, 'cpy_' || i, 'org', '', '', '{}', ?0, 2, '', 1, 1, '', '', 'p' || i,
 CASE WHEN i % 100 = 0 THEN ?0 WHEN i % 3 = 0 THEN ?1 END, CASE WHEN i % 100 = 1 THEN ?0 ELSE ?1 END, CASE WHEN i % 2 = 0 THEN ?0 END, 1 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_evaluations (envelope_id, evaluated_at, digest, result, due_at)
SELECT 'env_' || i, ?0, '', '{}', CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_certificates_due (cause_event_id, cause_type, envelope_id, org_id, created_at, next_try, tries)
SELECT 'evt_' || i, 't', 'env_' || i, 'org', ?0, CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END, 1 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_notices (notice_id, envelope_id, signer_id, kind, message, created_at, next_try, tries)
SELECT 'ntc_' || i, 'env_' || i, 'sgn', 'sign', '', ?0, CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END, 1 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_blobs (name, sha256, size, state, changed_at)
SELECT 'k/' || i, '', 1, CASE i % 100 WHEN 0 THEN 'staged' WHEN 1 THEN 'condemned' ELSE 'linked' END, ?0 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_versions (copy_id, version, kind, object, sha256, size, prefix_sha256, prefix_size, seal, event_id, created_at)
SELECT 'cpy_' || i, 1, 'deposit', 'v/' || i, '', 1, '', 1, '{}', '', ?0 FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_tickets (ticket_id, kind, envelope_id, org_id, key_id, target, version, single_use, filename, created_at, expires_at)
SELECT 'tkt_' || i, '', 'env_' || i, 'org', 'key', '', 1, ?2, '', ?0, CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END FROM n`,
	`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO evault_webhook_deliveries (delivery_id, key_id, org_id, envelope_id, seq, event_id, event_type, body, status, attempts, next_at,
 lease_until, lease_by, last_status, last_error, created_at, updated_at)
SELECT 'dlv_' || i, 'key', 'org', 'env_' || i, 1, 'evt_' || i, 't', ?3, 'delivered', 1, ?0, ?0, '', 200, '', ?0,
 CASE WHEN i % 100 = 0 THEN ?0 ELSE ?1 END FROM n`,
}

// TestPlansOfDueWork: each question for due work is answered by an index that
// leads to what is due and to nothing else, in the order that it is taken up.
func TestPlansOfDueWork(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		now := at.Add(time.Hour)
		for _, s := range manyRows {
			if _, err := db.Bun().NewRaw(s, literal(db.Bun(), at), literal(db.Bun(), at.AddDate(1, 0, 0)), true, []byte{1}).Exec(t.Context()); err != nil {
				t.Fatalf("%v\n%s", err, s)
			}
		}
		fill(t, db.Bun())
		r := &recorder{}
		db, err := sqlstore.New(db.Bun().WithQueryHook(r))
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		for _, tt := range []struct {
			name, column string
			ask          func() (int, error)
		}{
			{"SealDue", "seal_after", func() (int, error) { return length(db.ESign().Due(ctx, esign.StatusSigned, now, 5)) }},
			{"RemindDue", "remind_at", func() (int, error) { return length(db.ESign().RemindersDue(ctx, now, 5)) }},
			{"ExpireDue", "expires_at", func() (int, error) { return length(db.ESign().Due(ctx, esign.StatusExpired, now, 5)) }},
			{"NotifyDue", "next_try", func() (int, error) { return length(db.ESign().TakeNotices(ctx, now, now.Add(time.Minute), 5)) }},
			{"EvaluateDue", "due_at", func() (int, error) { return length(db.Compliance().EvaluationsDue(ctx, now, 5)) }},
			{"certificates", "next_try", func() (int, error) { return length(db.Compliance().DueBefore(ctx, now, 5)) }},
			{"AutoVaultDue", "vault_due_at", func() (int, error) { return length(db.Handover().AutoVaultDue(ctx, now, 5)) }},
			{"PackagesDue", "package_due_at", func() (int, error) { return length(db.Vault().ReleasesToPack(ctx, now, 5)) }},
			{"IntegrityDue", "check_from", func() (int, error) { return length(db.Vault().OriginalsToCheck(ctx, now, 5)) }},
			{"DeleteDue", "delete_after", func() (int, error) { return length(db.Vault().ReleasesToDelete(ctx, now, 5)) }},
			{"condemned", "changed_at", func() (int, error) { return length(db.BlobRows().Condemned(ctx, now, 5)) }},
			{"staged", "changed_at", func() (int, error) { return 5, db.BlobRows().Condemn(ctx, now, 5) }},
			{"tickets", "expires_at", func() (int, error) { return db.Tickets().Forget(ctx, now, 5) }},
			{"deliveries", "updated_at", func() (int, error) { return db.Outbox().ForgetDeliveries(ctx, now, 5) }},
		} {
			if n, err := tt.ask(); n != 5 || err != nil {
				t.Errorf("%s: got %d, %v; want 5", tt.name, n, err)
			}
			r.due(t, db.Bun(), tt.name, tt.column)
		}
	})
}

// literal is a time with its type, which PostgreSQL does not infer within CASE.
func literal(db *bun.DB, at time.Time) bun.Safe {
	text := "'" + at.Format("2006-01-02 15:04:05+00:00") + "'"
	if db.Dialect().Name() == dialect.PG {
		text += "::timestamptz"
	}
	return bun.Safe(text)
}

func length[T any](list []T, err error) (int, error) { return len(list), err }

// due fails the test unless the statements recorded read no table or index as a
// whole, and one of them finds its rows by an index on column.
func (r *recorder) due(t *testing.T, db *bun.DB, name, column string) {
	t.Helper()
	searched := regexp.MustCompile(`(?m)(SEARCH|Index Cond).*\b` + column + `\b`)
	found := false
	for _, q := range r.text {
		p := plan(t, db, q)
		bad := wasteful[db.Dialect().Name()]
		// What is due may be sorted: of several statuses, or in PostgreSQL by its choice.
		if name == "SealDue" || name == "ExpireDue" || db.Dialect().Name() == dialect.PG {
			bad = wholeTable[db.Dialect().Name()]
		}
		if bad.MatchString(p) {
			t.Errorf("%s: %.300s\n%s", name, q, p)
		}
		found = found || searched.MatchString(p)
	}
	if !found {
		t.Errorf("%s: no statement is searched by %s: %q", name, column, r.text)
	}
	r.text = nil
}
