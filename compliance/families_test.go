package compliance_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// family is a story that many edits begin with.
type family struct {
	name  string
	tell  func(t testing.TB) (w *world, id string)
	edits []changed
}

// families are the stories that are edited, each told once.
func families() []family {
	paper := func(file []byte) func(t testing.TB) (*world, string) {
		return func(t testing.TB) (*world, string) {
			w := newWorld(t)
			id := w.Paper(file)
			w.VaultIn(id, asDestroyed)
			return w, id
		}
	}
	vaulted := func(t testing.TB) (*world, string) { return vaultedWorld(t) }
	released := func(t testing.TB) (*world, string) {
		w, id := vaultedWorld(t)
		w.VaultOut(id)
		return w, id
	}
	sold := func(t testing.TB) (*world, string) {
		w, id := vaultedWorld(t)
		w.Assign(id, testworld.Dealer(), testworld.Lender(), testworld.Pledged)
		w.Assign(id, testworld.Lender(), testworld.Dealer(), func(r *vault.OfferRequest) { r.Purpose = custody.PurposeReleaseBack })
		return w, id
	}
	agents := func(t testing.TB) (*world, string) {
		w, id := completedWorld(t)
		w.VaultIn(id, asAgent)
		return w, id
	}
	return []family{
		{"live", vaulted, slices.Concat(changedFacts(), forgedFacts())},
		{"agent's", agents, agentEdits()},
		{"released", released, releasedEdits()},
		{"assigned", sold, assignedEdits()},
		{"sold by its key", soldByKey, keyEdits()},
		{"paper", paper(testpdf.Simple(1, "Paper")), paperEdits()},
		{"form", paper(testpdf.Form()), formEdits()},
		{"sealed beside", paper(testpdf.Encrypted()), besideEdits()},
		{"completed", func(t testing.TB) (*world, string) { return completedWorld(t) }, completedEdits()},
	}
}

func asAgent(r *handover.VaultInRequest) {
	r.SecuredParty, r.Depositor.Capacity, r.Depositor.Agreement = &bank, custody.CapacityAgent, agreement
}

func asDestroyed(r *handover.VaultInRequest) {
	r.Attestation = testworld.Attestation()
	r.Attestation.DestroyedAt = &start
}

// ran is an edit by one statement.
func ran(query string, args ...any) func(*world, string) {
	return func(w *world, _ string) { w.Exec(query, args...) }
}

// lost is an edit by which the events of a type are gone.
func lost(kind string) func(*world, string) { return func(w *world, _ string) { w.without(kind) } }

// forgedFacts are further edits of a live copy, of which some need a key.
func forgedFacts() []changed {
	none := string(storage.Sum(nil))
	return []changed{
		{"the event of the deposit is gone", lost("vault.stored"), []string{certificate.SingleAuthoritativeCopy, certificate.HeldByAssigneeOrCustodian}},
		{"the event of the deposit is written anew", func(w *world, id string) {
			w.rewrite(id, "vault.stored", func(data, _ object) { data["size"] = 1 })
		}, []string{certificate.TamperEvidentRecord}},
		{"the event of the creation is gone", lost("envelope.created"), []string{certificate.TamperEvidentRecord, certificate.RequiredSignatures}},
		{"the event of the creation names no signer", func(w *world, id string) {
			w.rewrite(id, "envelope.created", func(data, _ object) { data["signers"] = []any{} })
		}, []string{certificate.RequiredSignatures}},
		{"the events of the signatures are gone", lost("envelope.signed"), []string{certificate.RequiredSignatures}},
		{"the event of a signature has another authentication", func(w *world, id string) {
			w.rewrite(id, "envelope.signed", func(data, _ object) { data["auth"] = "sms" })
		}, []string{certificate.RequiredSignatures}},
		{"the authentication in a signer's row", ran("UPDATE evault_signers SET auth = 'sms' WHERE position = 0"), []string{certificate.RequiredSignatures}},
		{"the event of the completion is gone", lost("envelope.completed"), []string{certificate.TamperEvidentRecord, certificate.RequiredSignatures}},
		{"no event says that a link was read", lost("envelope.links_disclosed"), []string{certificate.RequiredSignatures}},
		{"no event is left", ran("DELETE FROM evault_event_details; DELETE FROM evault_events"), []string{certificate.TamperEvidentRecord}},
		{"the details of the deposit are gone", ran("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'vault.stored')"), []string{certificate.TamperEvidentRecord}},
		{"the details of a reading are gone", ran("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'envelope.viewed')"), []string{certificate.TamperEvidentRecord}},
		{"an event waits for the log", ran("UPDATE evault_events SET log_index = NULL WHERE type = 'vault.stored'"), nil},

		{"the number of the version in the row", ran("UPDATE evault_copies SET version = 2"), []string{certificate.SingleAuthoritativeCopy, certificate.AmendmentsIdentifiable}},
		{"the basis of the regime in the row", ran("UPDATE evault_copies SET regime_basis = 'host_default'"), []string{certificate.SingleAuthoritativeCopy}},
		{"the copy's status in the row", ran("UPDATE evault_copies SET status = 'released'"), nil},
		{"the organization in the row", ran("UPDATE evault_copies SET org_id = 'org_other'"), []string{certificate.SingleAuthoritativeCopy}},
		{"the classification in the row", ran(`UPDATE evault_copies SET classification = '{"promise_to_pay":true}'`), []string{certificate.SingleAuthoritativeCopy}},
		{"a release in the envelope's row", ran("UPDATE evault_envelopes SET released_at = created_at"), []string{certificate.TamperEvidentRecord}},
		{"the time of the creation in the row", ran("UPDATE evault_envelopes SET created_at = '2020-01-01 00:00:00+00:00'"), []string{certificate.TamperEvidentRecord}},
		{"the digest of the document in the row", ran("UPDATE evault_documents SET sha256 = ?", none), []string{certificate.SingleAuthoritativeCopy, certificate.TamperEvidentRecord}},
		{"the digest of the completion in the row", ran("UPDATE evault_envelopes SET sealed_sha256 = ?", none), []string{certificate.TamperEvidentRecord, certificate.AmendmentsIdentifiable}},
		{"when a signer consented", ran("UPDATE evault_signers SET consented_at = '2020-01-01 00:00:00+00:00'"), []string{certificate.RequiredSignatures}},
		{"a signer refused by the row", ran("UPDATE evault_signers SET declined_at = signed_at WHERE position = 0"), []string{certificate.RequiredSignatures}},
		{"a release has begun by its mark", func(w *world, id string) {
			check(w.T, w.Objects.Blobs.Put(w.T.Context(), "released/"+w.versions(id)[0].CopyID, []byte("{}")))
		}, []string{certificate.SingleAuthoritativeCopy}},

		{"the acknowledgment's id in the row", ran("UPDATE evault_acknowledgments SET acknowledgment_id = 'ack_other'"), []string{certificate.HeldByAssigneeOrCustodian}},
		{"the acknowledgment is of another copy", func(w *world, id string) {
			w.restate("evault_acknowledgments", "jws", testworld.Key(3), func(p object) { p["copy_id"] = "cpy_other" })
		}, []string{certificate.HeldByAssigneeOrCustodian}},
		{"the acknowledgment is for another party", func(w *world, id string) {
			w.restate("evault_acknowledgments", "jws", testworld.Key(3), func(p object) { p["assignee"].(object)["name"] = "Healer" })
			w.Exec("UPDATE evault_acknowledgments SET sha256 = ?", w.sum("evault_acknowledgments", "jws"))
		}, []string{certificate.HeldByAssigneeOrCustodian}},
		{"the custody statement names another controller", func(w *world, id string) {
			w.restate("evault_custody", "statement", testworld.Key(2), func(p object) {
				p["to"].(object)["controller"].(object)["party"].(object)["name"] = "Healer"
			})
		}, []string{certificate.AssigneeIdentified, certificate.ConsentToAssigneeChange}},
		{"the custody statement names another kind of custodian", func(w *world, id string) {
			w.restate("evault_custody", "statement", testworld.Key(2), func(p object) { p["to"].(object)["custodian"].(object)["kind"] = "bailee" })
		}, []string{certificate.HeldByAssigneeOrCustodian, certificate.ConsentToAssigneeChange}},
		{"the seal names another", func(w *world, id string) {
			v := w.versions(id)[0]
			w.deposited(id, func(b []byte) []byte { return w.resealed(w.Sealer, b, v.Prefix.Size, "the assignee is Healer") })
		}, []string{certificate.AssigneeIdentified, certificate.AmendmentsIdentifiable}},

		{"the row of the marked copy is gone", ran("DELETE FROM evault_copy_register WHERE kind = 'copy'"), []string{certificate.CopiesIdentifiable}},
		{"a marked copy is of no known kind", ran("UPDATE evault_copy_register SET kind = 'other' WHERE kind = 'copy'"), []string{certificate.CopiesIdentifiable}},
		{"a marked copy's event in the row", ran("UPDATE evault_copy_register SET event_id = 'evt_none' WHERE kind = 'copy'"), []string{certificate.TamperEvidentRecord, certificate.CopiesIdentifiable}},
		{"a download's event in the row", func(w *world, id string) {
			w.inspect(id)
			w.Exec("UPDATE evault_copy_register SET event_id = (SELECT event_id FROM evault_events WHERE seq = 1) WHERE kind = 'inspection'")
		}, []string{certificate.CopiesIdentifiable}},
		{"a byte of a copy that was downloaded", func(w *world, id string) {
			w.inspect(id)
			w.Alter(w.versions(id)[0].Object, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{certificate.CopiesIdentifiable}},
	}
}

// sum is the digest of the statement in a column.
func (w *world) sum(table, column string) string {
	w.T.Helper()
	var token string
	check(w.T, w.DB.Bun().NewRaw("SELECT "+column+" FROM "+table).Scan(w.T.Context(), &token))
	return string(storage.Sum([]byte(token)))
}

func agentEdits() []changed {
	return []changed{
		{"the agent's agreement is gone", ran("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'vault.stored')"), nil},
		{"the agent may be the transferor", func(w *world, id string) {
			w.rewrite(id, "vault.stored", func(_, detail object) { detail["agreement"].(object)["not_transferor"] = false })
		}, nil},
	}
}

func releasedEdits() []changed {
	return []changed{
		{"the release's note in the row", ran("UPDATE evault_releases SET note = 'x'"), nil},
		{"the release is gone", ran("DELETE FROM evault_releases"), nil},
		{"the release's signature", ran("UPDATE evault_releases SET statement = statement || 'A'"), nil},
		{"the event of the release is gone", lost("vault.released"), nil},
		{"the time of deletion in the row", ran("UPDATE evault_releases SET delete_after = released_at"), nil},
	}
}

func assignedEdits() []changed {
	consent := []string{certificate.ConsentToAssigneeChange}
	return []changed{
		{"the status of an offer in the row", ran("UPDATE evault_offers SET status = 'cancelled' WHERE purpose = 'pledge'"), consent},
		{"an offer is gone", ran("DELETE FROM evault_offers WHERE purpose = 'pledge'"), consent},
		{"the event of an offer is gone", lost("custody.offered"), consent},
		{"the event of an acceptance is gone", lost("custody.accepted"), consent},
		{"the acceptance in the row", ran("UPDATE evault_custody SET acceptance = replace(acceptance, 'lender', 'other') WHERE purpose = 'pledge'"), consent},
		{"an earlier acknowledgment is gone", ran("DELETE FROM evault_acknowledgments WHERE version = 2"), []string{certificate.HeldByAssigneeOrCustodian}},
		{"the interest in the row", ran(`UPDATE evault_copies SET interest = '{"kind":"pledgee"}'`), []string{certificate.AssigneeIdentified}},
	}
}

func paperEdits() []changed {
	return []changed{
		{"the attestation in the row", ran("UPDATE evault_copies SET attestation = replace(attestation, 'Bob', 'Eve')"), nil},
		{"the details of the paper's deposit are gone", ran("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'vault.stored')"), nil},
		{"the paper is held without a receipt", func(w *world, id string) {
			w.rewrite(id, "vault.stored", func(_, detail object) {
				a := detail["attestation"].(object)
				a["paper_original"], a["holder"] = "held", "Archive Ltd."
				delete(a, "destroyed_at")
			})
		}, nil},
		{"no marked copy is on record", func(w *world, id string) {
			w.rewrite(id, "vault.stored", func(data, _ object) { delete(data, "marked_copy") })
			w.Exec("UPDATE evault_copies SET marked_id = NULL")
			w.Exec("DELETE FROM evault_claims WHERE kind = 'copy'")
			w.Exec("DELETE FROM evault_copy_register")
		}, nil},
		{"the paper's file is none", func(w *world, id string) {
			w.deposited(id, func([]byte) []byte { return []byte("no file") })
			w.Exec("UPDATE evault_copies SET source_sha256 = document_hash, source_size = size")
		}, nil},
	}
}

func formEdits() []changed {
	return []changed{
		{"the form was filled in after the seal", func(w *world, id string) {
			w.deposited(id, func(b []byte) []byte { return filledIn(w.T, b, map[int]any{10: "9000"}) })
		}, nil},
	}
}

func besideEdits() []changed {
	return []changed{
		{"the digest of a version under a seal beside it", ran("UPDATE evault_versions SET sha256 = ?", string(storage.Sum(nil))), nil},
		{"bytes sealed beside were downloaded", func(w *world, id string) { w.inspect(id) }, nil},
	}
}

func completedEdits() []changed {
	return []changed{
		{"the completed document is no file", func(w *world, id string) {
			w.sealed(id, func([]byte) []byte { return []byte("no file") })
		}, nil},
		{"the completed document has no seal", func(w *world, id string) {
			w.sealed(id, func(b []byte) []byte { return b[:bytes.Index(b, []byte("%%EOF"))+6] })
		}, nil},
		{"the completed document was changed after the seal", func(w *world, id string) {
			w.sealed(id, func(b []byte) []byte { return append(b, "\n%more\n"...) })
		}, nil},
	}
}
