package compliance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// changed is an edit made behind the engines' back, and the checks that must find it:
// nil where the sentences alone tell.
type changed struct {
	name string
	edit func(w *world, id string)
	want []string
}

// The checks that find an edit.
const (
	single    = certificate.SingleAuthoritativeCopy
	record    = certificate.TamperEvidentRecord
	assignee  = certificate.AssigneeIdentified
	signed    = certificate.RequiredSignatures
	held      = certificate.HeldByAssigneeOrCustodian
	consent   = certificate.ConsentToAssigneeChange
	copies    = certificate.CopiesIdentifiable
	amendment = certificate.AmendmentsIdentifiable
)

// row is an edit by one statement.
func row(name, statement string, want ...string) changed {
	return changed{name, func(w *world, _ string) { w.Exec(statement) }, want}
}

// changedFacts are edits in the database or in the folder of blobs.
func changedFacts() []changed {
	return slices.Concat(changedCopies(), changedRecord(), changedParties(), changedSigners(), changedMarks())
}

// changedCopies are edits of the authoritative copy, its claims and versions.
func changedCopies() []changed {
	return []changed{
		{"a byte of the authoritative copy", func(w *world, id string) {
			w.Alter(w.versions(id)[0].Object, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{single, assignee, signed, held, amendment}},
		{"the authoritative copy is gone", func(w *world, id string) {
			w.Alter(w.versions(id)[0].Object, func([]byte) []byte { return nil })
		}, []string{single, held, amendment}},
		{"the authoritative copy is cut short", func(w *world, id string) {
			w.Alter(w.versions(id)[0].Object, func(b []byte) []byte { return b[:len(b)-10] })
		}, []string{single, held, amendment}},
		{"other bytes with their digest in every row", func(w *world, id string) {
			v := w.versions(id)[0]
			var sum storage.Digest
			w.Alter(v.Object, func(b []byte) []byte { b = append(b, "\n%more\n"...); sum = storage.Sum(b); return b })
			w.Exec("UPDATE evault_versions SET sha256 = ?, size = size + 7", string(sum))
			w.Exec("UPDATE evault_copies SET document_hash = ?, size = size + 7", string(sum))
			w.Exec("UPDATE evault_claims SET sha256 = ? WHERE kind = 'version'", string(sum))
		}, []string{single, amendment}},
		{"the deposit's digest in the row", func(w *world, id string) {
			w.Exec("UPDATE evault_copies SET source_sha256 = ?", string(storage.Sum(nil)))
		}, []string{single, signed, amendment}},
		row("a claim is gone", "DELETE FROM evault_claims WHERE kind = 'deposited'", single),
		row("the witness of a claim is gone", "DELETE FROM evault_claim_witnesses WHERE kind = 'signed'", single),
		row("the claim on what the last signer left is gone", "DELETE FROM evault_claims WHERE kind = 'signed'",
			single),
		row("a claim is another's", "UPDATE evault_claims SET envelope_id = 'env_other' WHERE kind = 'version'",
			single),
		row("the regime in the row", "UPDATE evault_copies SET regime = 'ucc_9_105_2010'", single),
		row("the time of deposit in the row", "UPDATE evault_copies SET vaulted_at = '2020-01-01 00:00:00+00:00'",
			single),
		row("a version is gone", "UPDATE evault_versions SET version = 2", amendment),
		row("what a version extends", "UPDATE evault_versions SET prefix_size = prefix_size - 1", amendment),
		row("a version's event", "UPDATE evault_versions SET event_id = (SELECT event_id FROM evault_events WHERE seq = 1)",
			amendment),
	}
}

// changedRecord are edits of events, log and certificates.
func changedRecord() []changed {
	return []changed{
		row("an event's data", "UPDATE evault_events SET data = replace(data, 'link', 'none') WHERE type = 'envelope.signed'",
			record),
		{"an event's canonical bytes and hash", func(w *world, id string) {
			e := w.Events(id)[2]
			b := []byte(strings.Replace(string(e.Canonical), e.ID, "evt_aaaaaaaaaaaaaaaaaaaaaaaaaa", 1))
			w.Exec("UPDATE evault_events SET canonical = ?, hash = ? WHERE event_id = ?", b, string(storage.Sum(b)), e.ID)
		}, []string{record}},
		row("an event's detail", "UPDATE evault_event_details SET detail = replace(detail, '192.0.2.7', '192.0.2.8')",
			record),
		row("the end of the chain is cut off", "DELETE FROM evault_events WHERE type = 'certificate.issued'", record),
		row("an event that a certificate proves is cut off", "DELETE FROM evault_events WHERE seq >= (SELECT seq FROM evault_events WHERE type = 'custody.acknowledged')",
			record, held),
		row("the log's hashes", "DELETE FROM evault_log_hashes WHERE idx = 0", record),
		row("a leaf of the log", "UPDATE evault_log_hashes SET hash = zeroblob(32) WHERE idx = 0", record),
		row("the log was set back", "UPDATE evault_log_head SET (size, root) = (SELECT size, root FROM evault_log_checkpoints ORDER BY size LIMIT 1)",
			single, record),
		row("the checkpoint's signature", "UPDATE evault_log_checkpoints SET note = replace(note, 'vault.test', 'vault.fake')",
			record),
		{"an event is taken out of the log", func(w *world, id string) {
			w.Exec("UPDATE evault_events SET log_index = NULL WHERE type = 'vault.stored'")
			w.Clock.Advance(2 * time.Minute)
		}, []string{single, record}},
		{"an event's place in the log", func(w *world, id string) {
			w.Exec("UPDATE evault_events SET log_index = 1000 WHERE seq = 1")
			w.Exec("UPDATE evault_events SET log_index = 0 WHERE seq = 2")
		}, []string{record}},
		row("a certificate is overwritten", "UPDATE evault_certificates SET jws = replace(jws, '.', '..')", record),
		row("a certificate is gone", "DELETE FROM evault_certificates", record),
		row("the customer in the row", "UPDATE evault_envelopes SET customer_id = 'c-2'", record),
	}
}

// changedParties are edits of who is what: custody statements, acknowledgments, consents.
func changedParties() []changed {
	return []changed{
		row("the assignee in the row", "UPDATE evault_copies SET secured_party = replace(secured_party, 'Dealer', 'Healer')",
			assignee),
		row("the assignee in the custody row", "UPDATE evault_custody SET to_custody = replace(to_custody, 'Dealer', 'Healer')",
			consent),
		row("the signed custody statement", "UPDATE evault_custody SET statement = statement || 'A'",
			assignee, held, consent),
		row("the custody entry is gone", "DELETE FROM evault_custody", assignee, held, consent),
		row("the controller in the row", "UPDATE evault_copies SET controller = replace(controller, 'organization', 'agent')",
			assignee),
		row("the seal in the row is another's", "UPDATE evault_versions SET seal = replace(seal, '\"field\":\"', '\"field\":\"X')",
			single, assignee, amendment),
		row("the acknowledgment is gone", "DELETE FROM evault_acknowledgments", held),
		row("the acknowledgment's signature", "UPDATE evault_acknowledgments SET jws = jws || 'A'", held),
		row("the custodian in the row", "UPDATE evault_copies SET custodian = replace(custodian, 'operator', 'self')",
			assignee),
		{"nobody checked the bytes for long", func(w *world, id string) {
			w.Clock.Advance(100 * time.Hour)
		}, []string{held}},
		row("the consent in the row", "UPDATE evault_custody SET consent = replace(consent, 'key_1', 'key_2')",
			consent),
		row("the custody event is gone", "DELETE FROM evault_events WHERE type = 'custody.assigned'", record, consent),
	}
}

// changedSigners are edits of what was signed.
func changedSigners() []changed {
	return []changed{
		row("a signer's name", "UPDATE evault_signers SET name = 'Eve' WHERE position = 0", signed),
		{"a signer is gone", func(w *world, id string) {
			w.Exec("DELETE FROM evault_fields")
			w.Exec("DELETE FROM evault_signers WHERE position = 1")
		}, []string{signed}},
		row("a signer is added", "UPDATE evault_signers SET signer_id = 'sgn_other' WHERE position = 1", signed),
		row("a field is gone", "DELETE FROM evault_fields WHERE position = 0", signed),
		row("a field is another signer's", "UPDATE evault_fields SET signer_id = (SELECT signer_id FROM evault_signers WHERE position = 1) WHERE position = 0",
			signed),
		row("a field was not required", "UPDATE evault_fields SET required = NOT required WHERE position = 0", signed),
		row("a field's place", "UPDATE evault_fields SET page = page + 1 WHERE position = 0", signed),
		row("a field's label", "UPDATE evault_fields SET label = label || 'x' WHERE position = 0", signed),
		row("a field's value", "UPDATE evault_fields SET value = value || 'x' WHERE position = 0", signed),
		{"what a signer saw", func(w *world, id string) {
			w.Exec("UPDATE evault_signers SET presented_sha256 = ?", string(storage.Sum(nil)))
		}, []string{signed}},
		{"what a signer consented to", func(w *world, id string) {
			w.Exec("UPDATE evault_signers SET disclosure_sha256 = ?", string(storage.Sum(nil)))
		}, []string{signed}},
		row("a state of the document", "UPDATE evault_parts SET size = size - 1 WHERE seq = 1", signed),
		{"a consent is gone", func(w *world, id string) {
			w.Exec("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'envelope.consented')")
			w.Exec("DELETE FROM evault_events WHERE type = 'envelope.consented'")
		}, []string{record, signed}},
	}
}

// changedMarks are edits of marked copies and their register.
func changedMarks() []changed {
	return []changed{
		{"a download is taken out of the register", func(w *world, id string) {
			w.inspect(id)
			w.Exec("DELETE FROM evault_copy_register WHERE kind = 'inspection'")
		}, []string{copies}},
		{"a download's digest", func(w *world, id string) {
			w.inspect(id)
			w.Exec("UPDATE evault_copy_register SET sha256 = ? WHERE kind = 'inspection'", string(storage.Sum(nil)))
		}, []string{copies}},
		{"who downloaded", func(w *world, id string) {
			w.inspect(id)
			w.Exec("UPDATE evault_copy_register SET given_to_id = 'key_2' WHERE kind = 'inspection'")
		}, []string{copies}},
		{"a byte of the marked copy", func(w *world, id string) {
			w.Alter(w.marked(id).Object, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{copies}},
		{"the marked copy is the authoritative one", func(w *world, id string) {
			var original []byte
			w.Alter(w.versions(id)[0].Object, func(b []byte) []byte { original = b; return b })
			w.Alter(w.marked(id).Object, func([]byte) []byte { return original })
			w.Exec("UPDATE evault_copy_register SET sha256 = ?, size = ?", string(storage.Sum(original)), len(original))
		}, []string{copies}},
		{"the marked copy is another's", func(w *world, id string) {
			other := w.Completed()
			w.VaultIn(other)
			var copied []byte
			w.Alter(w.marked(other).Object, func(b []byte) []byte { copied = b; return b })
			w.Alter(w.marked(id).Object, func([]byte) []byte { return copied })
			w.Exec("UPDATE evault_copy_register SET sha256 = ?, size = ? WHERE envelope_id = ?", string(storage.Sum(copied)), len(copied), id)
		}, []string{copies}},
		{"the marked copy is taken out of the register", func(w *world, id string) {
			w.Exec("UPDATE evault_copies SET marked_id = NULL")
			w.Exec("DELETE FROM evault_copy_register")
		}, []string{copies}},
		row("a signer's copy is taken out of the register", "DELETE FROM evault_copy_register WHERE kind = 'signer'",
			copies),
		row("who was given a signer's copy", "UPDATE evault_copy_register SET given_to_id = 'sgn_other' WHERE kind = 'signer'",
			copies),
		row("the claim on what the pages hold", "DELETE FROM evault_claims WHERE kind = 'pages'", single),
	}
}

// TestEventsLoggedAgain: a deposit's event that was rewritten, with the chain after
// it, and taken into the log once more proves nothing.
func TestEventsLoggedAgain(t *testing.T) {
	t.Parallel()
	w, second, first := twoWorld(t)
	w.VaultIn(second)
	stored := w.Events(first)[slices.IndexFunc(w.Events(first), func(e vault.Event) bool { return e.Type == "vault.stored" })]
	testdb.Rewrite(t, w.DB.Bun(), first, stored.Seq, "key_9")
	_, err := w.Log.Integrate(t.Context())
	check(t, err)
	if got := failed(w.evaluate(first).Result)[certificate.TamperEvidentRecord]; !strings.Contains(got, "later place than its time") {
		t.Errorf("got %q", got)
	}
	if got := failed(w.evaluate(second).Result); len(got) > 0 {
		t.Errorf("the other one: %v", got)
	}
}
