package compliance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/evaultlib/evault/internal/testenv"
)

// unseen are the leaves that no check needs to see, each with the reason. Nothing
// that a certificate prints comes from them.
var unseen = map[string]string{
	"copies.check_from": "when the bytes are looked at again", "copies.check_from+30s": "when the bytes are looked at again",
	"envelopes.vault_due_at": "when it is vaulted by itself", "envelopes.external_key": "what keeps external ids unique",

	"releases.package_due_at": "when the package is tried again",
	"signers.time_zone":       "by which days are printed; the bytes hold what was printed", "envelopes.time_zone": "likewise",

	// within the minute that a transaction may take; the event has the time
	"copies.released_at+30s":     "within the minute that a transaction may take; the event has the time",
	"documents.uploaded_at+30s":  "within the minute that a transaction may take; the event has the time",
	"envelopes.completed_at+30s": "within the minute that a transaction may take; the event has the time",
	"envelopes.released_at+30s":  "within the minute that a transaction may take; the event has the time",
	"signers.consented_at+30s":   "within the minute that a transaction may take; the event has the time",
	"signers.signed_at+30s":      "within the minute that a transaction may take; the event has the time",
	"versions.created_at+30s":    "within the minute that a transaction may take; the event has the time",

	// when something was looked at or tried, which decides nothing
	"copies.integrity_checked_at":     "when something was looked at or tried, which decides nothing",
	"copies.integrity_checked_at+30s": "when something was looked at or tried, which decides nothing",
	"copies.integrity_ok":             "when something was looked at or tried, which decides nothing",
	"copies.quarantined_at":           "when something was looked at or tried, which decides nothing",
	"copies.revision":                 "when something was looked at or tried, which decides nothing",
	"envelopes.revision":              "when something was looked at or tried, which decides nothing",
	"envelopes.seal_after":            "when something was looked at or tried, which decides nothing",
	"envelopes.seal_attempts":         "when something was looked at or tried, which decides nothing",
	"envelopes.sealing_error":         "when something was looked at or tried, which decides nothing",
	"envelopes.updated_at":            "when something was looked at or tried, which decides nothing",
	"envelopes.updated_at+30s":        "when something was looked at or tried, which decides nothing",
	"events.dispatched_at":            "when something was looked at or tried, which decides nothing",
	"offers.revision":                 "when something was looked at or tried, which decides nothing",
	"releases.revision":               "when something was looked at or tried, which decides nothing",
	"releases.fetched_at":             "when something was looked at or tried, which decides nothing",
	"signers.notified_at":             "when something was looked at or tried, which decides nothing",
	"signers.notified_at+30s":         "when something was looked at or tried, which decides nothing",
	"signers.reminded_at":             "when something was looked at or tried, which decides nothing",
	"signers.remind_at":               "when something was looked at or tried, which decides nothing",
	"signers.remind_at+30s":           "when something was looked at or tried, which decides nothing",
	"signers.reminders_sent":          "when something was looked at or tried, which decides nothing",
	"signers.undeliverable_at":        "when something was looked at or tried, which decides nothing",
	"signers.undeliverable_at+30s":    "when something was looked at or tried, which decides nothing",
	"signers.undeliverable_status":    "when something was looked at or tried, which decides nothing",
	"signers.viewed_at":               "when something was looked at or tried, which decides nothing",
	"signers.viewed_at+30s":           "when something was looked at or tried, which decides nothing",
	"signers.link_version":            "when something was looked at or tried, which decides nothing",

	// the claim is found by its digest; its event has the rest
	"claims.claimed_at":     "the claim is found by its digest; its event has the rest",
	"claims.claimed_at+30s": "the claim is found by its digest; its event has the rest",
	"claims.version":        "the claim is found by its digest; its event has the rest",

	// how the file was dealt with when it came in; its seal is verified
	"copies.sealing.mode":               "how the file was dealt with when it came in; its seal is verified",
	"copies.source_level":               "how the file was dealt with when it came in; its seal is verified",
	"copies.source_object":              "how the file was dealt with when it came in; its seal is verified",
	"copy_register.object":              "how the file was dealt with when it came in; its seal is verified",
	"parts.object":                      "how the file was dealt with when it came in; its seal is verified",
	"documents.object":                  "how the file was dealt with when it came in; its seal is verified",
	"documents.normalized":              "how the file was dealt with when it came in; its seal is verified",
	"documents.page_sizes":              "how the file was dealt with when it came in; its seal is verified",
	"documents.pages":                   "how the file was dealt with when it came in; its seal is verified",
	"documents.filename":                "how the file was dealt with when it came in; its seal is verified",
	"documents.inspection.encrypted":    "how the file was dealt with when it came in; its seal is verified",
	"documents.inspection.pages":        "how the file was dealt with when it came in; its seal is verified",
	"documents.inspection.sealing.mode": "how the file was dealt with when it came in; its seal is verified",
	"documents.head_recorded_at":        "how the file was dealt with when it came in; its seal is verified",
	"documents.head_recorded_at+30s":    "how the file was dealt with when it came in; its seal is verified",
	"documents.envelope_id":             "how the file was dealt with when it came in; its seal is verified",
	"versions.statement":                "how the file was dealt with when it came in; its seal is verified",

	// the last evaluation, which is compared with its own record where it is read
	"envelopes.compliant":                   "the last evaluation, which is compared with its own record where it is read",
	"envelopes.compliance_evaluated_at":     "the last evaluation, which is compared with its own record where it is read",
	"envelopes.compliance_evaluated_at+30s": "the last evaluation, which is compared with its own record where it is read",

	// how the envelope was to be sent, before anyone signed
	"envelopes.auto_vault":        "how the envelope was to be sent, before anyone signed",
	"envelopes.consent":           "how the envelope was to be sent, before anyone signed",
	"envelopes.expires_at":        "how the envelope was to be sent, before anyone signed",
	"envelopes.expires_at+30s":    "how the envelope was to be sent, before anyone signed",
	"envelopes.expires_in_days":   "how the envelope was to be sent, before anyone signed",
	"envelopes.external_id":       "how the envelope was to be sent, before anyone signed",
	"envelopes.message":           "how the envelope was to be sent, before anyone signed",
	"envelopes.redirect_url":      "how the envelope was to be sent, before anyone signed",
	"envelopes.sent_at":           "how the envelope was to be sent, before anyone signed",
	"envelopes.sent_at+30s":       "how the envelope was to be sent, before anyone signed",
	"envelopes.signing_order":     "how the envelope was to be sent, before anyone signed",
	"envelopes.void_reason":       "how the envelope was to be sent, before anyone signed",
	"envelopes.remind_after_days": "how the envelope was to be sent, before anyone signed",
	"envelopes.remind_every_days": "how the envelope was to be sent, before anyone signed",
	"envelopes.remind_max":        "how the envelope was to be sent, before anyone signed",
	"signers.delegate":            "how the envelope was to be sent, before anyone signed",
	"signers.signing_order":       "how the envelope was to be sent, before anyone signed",
	"signers.position":            "how the envelope was to be sent, before anyone signed",
	"fields.position":             "how the envelope was to be sent, before anyone signed",
	"envelopes.document_hash":     "how the envelope was to be sent, before anyone signed",

	// the completion's record; its event and its bytes are compared
	"envelopes.completed_at":           "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_hash":            "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_level":           "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_pages":           "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_recorded_at":     "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_recorded_at+30s": "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_seq":             "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_sha256":          "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_size":            "the completion's record; its event and its bytes are compared",
	"envelopes.sealed_time_source":     "the completion's record; its event and its bytes are compared",

	// what the event of the signature says, and the certificate prints from there
	"signers.address":               "what the event of the signature says, and the certificate prints from there",
	"signers.user_agent":            "what the event of the signature says, and the certificate prints from there",
	"signers.disclosure_locale":     "what the event of the signature says, and the certificate prints from there",
	"signers.link_disclosed_at":     "what the event of the signature says, and the certificate prints from there",
	"signers.link_disclosed_at+30s": "what the event of the signature says, and the certificate prints from there",
	"signers.signed_request":        "what the event of the signature says, and the certificate prints from there",
	"parts.part_sha256":             "what the event of the signature says, and the certificate prints from there",
	"parts.part_size":               "what the event of the signature says, and the certificate prints from there",
	"parts.seq":                     "what the event of the signature says, and the certificate prints from there",
	"parts.signer_id":               "what the event of the signature says, and the certificate prints from there",
	"showings.page":                 "what the event of the signature says, and the certificate prints from there",
	"showings.part":                 "what the event of the signature says, and the certificate prints from there",
	"showings.shown_at":             "what the event of the signature says, and the certificate prints from there",
	"showings.shown_at+30s":         "what the event of the signature says, and the certificate prints from there",
	"showings.signer_id":            "what the event of the signature says, and the certificate prints from there",

	// the package's digest is in no answer and no event before it is acknowledged
	"releases.package_object": "the package's digest is in no answer and no event before it is acknowledged",
	"releases.package_sha256": "the package's digest is in no answer and no event before it is acknowledged",
	"releases.package_size":   "the package's digest is in no answer and no event before it is acknowledged",

	// which of several keys signed; the signature says it itself
	"acknowledgments.key_id": "which of several keys signed; the signature says it itself",
}

// TestEveryColumn: an edit of any one value in the rows of an envelope, leaf by leaf
// where the value is JSON, is found by a check, or is of a leaf that unseen names and
// changes nothing that a certificate prints. The first and the last row of each table
// are edited, of a live copy, of paper, and of a released one. A run takes one edit in
// 64, with EVAULT_LONG one in 16, with EVAULT_ACCEPT all.
func TestEveryColumn(t *testing.T) {
	t.Parallel()
	idle := maps.Clone(unseen)
	for _, s := range stories(t) {
		w := copied(t, s.image)
		w.Clock.Advance(2 * time.Minute) // nothing is pending any more
		db := w.DB.Bun()
		db.SetMaxOpenConns(1)
		_, err := db.ExecContext(t.Context(), "PRAGMA foreign_keys = OFF")
		check(t, err)
		before, noticed := s.look(t, w)
		if noticed != "" {
			t.Fatalf("%s, before any edit: %s", s.name, noticed)
		}
		for i, e := range editsOf(t, db) {
			if os.Getenv("EVAULT_ACCEPT") == "" && i%(16*testenv.Step(4)) != 0 {
				continue
			}
			if err := e.write(t.Context(), db, e.new); err != nil {
				continue // the database itself refuses it
			}
			after, noticed := s.look(t, w)
			check(t, e.write(t.Context(), db, e.old))
			if noticed != "" {
				continue
			}
			delete(idle, e.path)
			if after != before {
				t.Errorf("%s: %s is printed, and no check sees it: %v to %v", s.name, e.path, e.old, e.new)
			} else if unseen[e.path] == "" {
				t.Errorf("%s: %s is not seen: %v to %v", s.name, e.path, e.old, e.new)
			}
		}
	}
	if os.Getenv("EVAULT_ACCEPT") != "" && len(idle) > 0 {
		t.Errorf("checks see these after all: %v", slices.Sorted(maps.Keys(idle)))
	}
}

// look evaluates without keeping the result: what a certificate would print, and
// what is wrong.
func (s story) look(t *testing.T, w *world) (text, noticed string) {
	t.Helper()
	c, r, err := w.Compliance.Look(t.Context(), s.id, s.causeID)
	if err != nil {
		return "", err.Error()
	}
	if f := failed(r); len(f) > 0 {
		return "", fmt.Sprint(f)
	}
	doc, err := c.Document()
	check(t, err)
	return printed(t, doc), ""
}

// edit is another value of one column of one row.
type edit struct {
	path, table, column string
	row                 int64
	old, new            any
}

func (e edit) write(ctx context.Context, db *bun.DB, value any) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET %s = ? WHERE rowid = ?", e.table, e.column), value, e.row)
	return err
}

// editsOf are the edits of the first and last row of each table of an envelope.
func editsOf(t *testing.T, db *bun.DB) (list []edit) {
	t.Helper()
	ctx := t.Context()
	var tables []string
	check(t, db.NewRaw("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'evault_%' ORDER BY name").Scan(ctx, &tables))
	for _, table := range tables {
		if ofTheInstallation[table] != "" {
			continue
		}
		var columns []struct{ Name, Type string }
		check(t, db.NewRaw("SELECT name, type FROM pragma_table_info(?)", table).Scan(ctx, &columns))
		var rows []int64
		check(t, db.NewRaw(fmt.Sprintf("SELECT DISTINCT r FROM (SELECT min(rowid) AS r FROM %s UNION SELECT max(rowid) FROM %[1]s) WHERE r IS NOT NULL", table)).Scan(ctx, &rows))
		for _, row := range rows {
			for _, c := range columns {
				var old any
				check(t, db.QueryRowContext(ctx, fmt.Sprintf("SELECT %s FROM %s WHERE rowid = ?", c.Name, table), row).Scan(&old))
				for leaf, value := range others(c.Type, old) {
					list = append(list, edit{strings.TrimSuffix(table[len("evault_"):]+"."+c.Name+leaf, "."), table, c.Name, row, old, value})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b edit) int { return strings.Compare(a.path, b.path) })
	return list
}

// ofTheInstallation are the tables that hold nothing of one envelope.
var ofTheInstallation = map[string]string{
	"evault_migrations": "the schema", "evault_migration_locks": "the schema", "evault_organizations": "read before a deposit, which records what they say",
	"evault_keys": "read before a deposit", "evault_leases": "whose turn it is", "evault_counters": "limits", "evault_idempotency": "answers to repeated calls",
	"evault_tickets": "download addresses", "evault_templates": "before an envelope", "evault_endpoints": "webhooks", "evault_deliveries": "webhooks",
	"evault_log_hashes": "of all events; proofs that do not hold are found by TestChangedFactsAreFound", "evault_log_head": "likewise",
	"evault_log_checkpoints": "likewise", "evault_log_adoptions": "likewise", "evault_evaluations": "results, which no check reads", "evault_blobs": "where bytes are; the bytes are read",
	"evault_receiving_codes": "by which an offer is made; each is bound to its receiver", "evault_due": "work that is left", "evault_notices": "mail",
	"evault_signer_copies": "what is handed out again; the vault registers it, with its event",
}

// others are other values than old by leaf: "" is the whole value, ".a.b" a leaf of
// JSON, "+30s" a later time.
func others(kind string, old any) map[string]any {
	text := fmt.Sprint(old)
	if b, ok := old.([]byte); ok {
		text = string(b)
	}
	switch {
	case old == nil:
		return map[string]any{"": map[string]any{"BIGINT": 7, "INTEGER": 7, "BOOLEAN": true, "TIMESTAMP": "2026-06-01 09:30:00+00:00", "BLOB": []byte("x"), "TEXT": "x"}[kind]}
	case kind == "TIMESTAMP":
		at, ok := old.(time.Time)
		if !ok {
			return map[string]any{"": "2026-06-01 09:30:00+00:00"}
		}
		return map[string]any{"": at.Add(24 * time.Hour), "+30s": at.Add(30 * time.Second)}
	case kind == "BLOB":
		return map[string]any{"": []byte("xxxx")}
	case kind == "BOOLEAN":
		return map[string]any{"": text != "true" && text != "1"}
	case kind == "BIGINT", kind == "INTEGER":
		var n int64
		fmt.Sscan(text, &n)
		return map[string]any{"": n + 1}
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		return leavesEdited(text)
	}
	return map[string]any{"": text + "x"}
}

// leavesEdited are texts of a JSON value in which one leaf is another.
func leavesEdited(text string) map[string]any {
	out := map[string]any{}
	var whole any
	if json.Unmarshal([]byte(text), &whole) != nil {
		return map[string]any{"": text + "x"}
	}
	var walk func(path string, v any, set func(any))
	leaf := func(path string, v any, set func(any)) {
		other := any("x")
		switch v := v.(type) {
		case string:
			other = v + "x"
		case float64:
			other = v + 1
		case bool:
			other = !v
		}
		set(other)
		b, _ := json.Marshal(whole)
		out[path] = string(b)
		set(v)
	}
	walk = func(path string, v any, set func(any)) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(path+"."+k, x, func(n any) { v[k] = n })
			}
		case []any:
			for i, x := range v {
				walk(path, x, func(n any) { v[i] = n })
			}
		default:
			leaf(path, v, set)
		}
	}
	walk("", whole, func(any) {})
	return out
}
