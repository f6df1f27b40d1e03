package compliance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// sources names, for each field of a certificate, the verified object that it is
// printed from. A path ends where the entry ends: "seal" is every field of the seal.
var sources = map[string]string{
	"acknowledgments":                     "acknowledgment statement (JWS by the custodian), named by its event",
	"as_of":                               "clock of the evaluation",
	"assignee":                            "custody statement (JWS)",
	"attestation":                         "detail of the deposit's, or the attestation's, event",
	"authoritative_copy.copy_id":          "event of the deposit",
	"authoritative_copy.deposited_sha256": "event of the deposit",
	"authoritative_copy.held_here":        "whether there is an event of a release",
	"authoritative_copy.recipient":        "release statement (JWS), named by its event",
	"authoritative_copy.release_note":     "release statement (JWS), named by its event",
	"authoritative_copy.release_reason":   "release statement (JWS), named by its event",
	"authoritative_copy.released_at":      "event of the release",
	"authoritative_copy.sha256":           "event of the deposit or the release",
	"authoritative_copy.size":             "event of the deposit or the release",
	"authoritative_copy.vaulted_at":       "event of the deposit",
	"authoritative_copy.version":          "event of the deposit or the release",
	"cause":                               "event in the log",
	"certificate_id":                      "made when it is signed",
	"certificate_type":                    "regime",
	"certificate_version":                 "format",
	"classification":                      "detail of the deposit's event",
	"compliance":                          "the evaluation",
	"controller":                          "custody statement (JWS); event of the release",
	"copies":                              "events of deposit and downloads; sizes of the bytes with their digests",
	"custodian":                           "custody statement (JWS); acknowledgment statement (JWS)",
	"custody":                             "custody statements (JWS), named by their events",
	"declarations":                        "detail of the deposit's event",
	"interest":                            "custody statement (JWS)",
	"issued_at":                           "clock of the signature",
	"jurisdiction":                        "event of the deposit",
	"jws":                                 "the signature",
	"legal_notice":                        "configuration; event of the deposit",
	"log":                                 "signed checkpoint; proofs verified against it; canonical events",
	"powers":                              "custody statement (JWS); rules of this software",
	"regime":                              "event of the deposit",
	"regime_basis":                        "event of the deposit",
	"seal":                                "the seal's own signature; event of the deposit for the reason of a detached one",
	"secured_party":                       "custody statement (JWS)",
	"serial":                              "certificates issued before, verified",
	"signatures":                          "events of creation, consent and signature",
	"subject.customer_id":                 "detail of the creation's event",
	"subject.envelope_id":                 "identity of the chain",
	"subject.envelope_name":               "detail of the creation's event",
	"subject.status":                      "whether there is an event of a release",
	"supersedes":                          "certificates issued before, verified",
	"system":                              "configuration",
	"verify_url":                          "configuration; digest of the copy",
}

// TestEveryFieldHasASource: each field of a certificate, of all kinds of copy, has
// an entry in sources, and no entry is idle.
func TestEveryFieldHasASource(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, s := range stories(t) {
		var fields any
		check(t, json.Unmarshal(s.document(t, s.w), &fields))
		leavesOf("", fields, func(path string) {
			for entry := range sources {
				if path == entry || strings.HasPrefix(path, entry+".") {
					used[entry] = true
					return
				}
			}
			t.Errorf("%s: %s has no source", s.name, path)
		})
	}
	for entry := range sources {
		if !used[entry] {
			t.Errorf("no certificate has %s", entry)
		}
	}
}

// leavesOf calls f with the path of every field that is no object.
func leavesOf(path string, v any, f func(path string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			leavesOf(strings.TrimPrefix(path+"."+k, "."), x, f)
		}
		return
	case []any:
		for _, x := range v {
			leavesOf(path, x, f)
		}
	}
	if path != "" {
		f(path)
	}
}

// story is a copy of one kind with its newest certificate.
type story struct {
	name, id, causeID string
	w                 *world
	image             testworld.Image
}

func stories(t *testing.T) []story {
	t.Helper()
	agent := dealer
	agent.Capacity, agent.Agreement = custody.CapacityAgent, agreement
	list := []story{{name: "live"}, {name: "paper"}, {name: "released"}, {name: "assigned"}}
	for i := range list {
		s := &list[i]
		switch s.name {
		case "paper":
			s.w = newWorld(t)
			s.id = s.w.paper()
			s.w.VaultIn(s.id, func(r *handover.VaultInRequest) {
				r.Depositor, r.SecuredParty, r.Attestation = agent, &bank, testworld.Attestation()
				r.Attestation.PaperOriginal, r.Attestation.Holder = "held", bank.Name
				r.Attestation.PaperCustodian = &custody.PaperCustodian{Name: bank.Name, ReceiptSHA256: agreement.SHA256}
				r.Classification = &custody.Classification{PromiseToPay: true, SpecificGoods: true}
			})
		default:
			s.w, s.id = vaultedWorld(t)
		}
		s.w.inspect(s.id)
		switch s.name {
		case "released":
			s.w.VaultOut(s.id)
		case "assigned": // sold with a reason by a pledgee, and offered again
			own, lender, buyer := testworld.Dealer(), testworld.Lender(), testworld.Buyer()
			s.w.Assign(s.id, own, lender, testworld.Pledged)
			s.w.Assign(s.id, lender, buyer, func(r *vault.OfferRequest) { r.Reason, r.Note = "default", "lot 7" })
			s.w.Offer(s.id, buyer, lender)
		}
		_, err := s.w.Log.Integrate(t.Context())
		check(t, err)
		s.image, s.causeID = s.w.Image(), s.cause(s.w)
	}
	return list
}

// document is the certificate that the newest event in the log asks for, as it is
// drafted now: two of the same facts differ only in what the signature brings.
func (s story) document(t testing.TB, w *world) []byte {
	t.Helper()
	c, err := w.Compliance.Issue(t.Context(), s.id, s.cause(w))
	check(t, err)
	doc, err := c.Document()
	check(t, err)
	return doc
}

// printed is a document without what differs from one issue to the next, and
// without the checks, which speak of rows when they find them wrong.
func printed(t testing.TB, doc []byte) string {
	t.Helper()
	var fields map[string]any
	check(t, json.Unmarshal(doc, &fields))
	for _, k := range []string{"certificate_id", "issued_at", "as_of", "jws", "compliance", "serial", "supersedes"} {
		delete(fields, k)
	}
	b, err := json.Marshal(fields)
	check(t, err)
	return string(b)
}

// TestRowsArePrintedNowhere: with every text of every row of the vault changed,
// what a certificate prints is what it was, or empty, or left out: never the row.
func TestRowsArePrintedNowhere(t *testing.T) {
	t.Parallel()
	edits := []string{
		`UPDATE evault_releases SET recipient = replace(recipient, 'Cleo', 'Mallory'), reason = 'other', note = 'Mallory'`,
		`UPDATE evault_copies SET seal = json_set(seal, '$.level', 'B-LTA', '$.time_source', 'Mallory'), regime = 'ueta_16', jurisdiction = 'US-ZZ', regime_basis = 'Mallory'`,
		`UPDATE evault_versions SET seal = json_set(seal, '$.level', 'B-LTA', '$.time_source', 'Mallory')`,
		`UPDATE evault_copies SET secured_party = replace(secured_party, 'a', 'Mallory'), controller = replace(controller, 'Dealer', 'Mallory'), custodian = replace(custodian, 'Vault', 'Mallory')`,
		`UPDATE evault_copies SET vaulted_at = '2020-01-01 00:00:00+00:00', document_hash = 'Mallory', size = 1, version = 9, name = 'Mallory', customer_id = 'Mallory'`,
		`UPDATE evault_copies SET attestation = replace(attestation, 'Bob', 'Mallory'), classification = '{"real_property":true}', agreement = replace(agreement, 'Agency', 'Mallory')`,
		`UPDATE evault_custody SET recipient = replace(recipient, 'Cleo', 'Mallory'), consent = replace(consent, 'key_1', 'Mallory'), to_custody = replace(to_custody, 'Dealer', 'Mallory'), recorded_at = '2020-01-01 00:00:00+00:00', kind = 'Mallory', sha256 = 'Mallory', purpose = 'Mallory', reason = 'Mallory', acceptance = replace(acceptance, 'buyer', 'Mallory')`,
		`UPDATE evault_offers SET purpose = 'Mallory', reason = 'Mallory', note = 'Mallory', assignee = replace(assignee, 'Trust', 'Mallory'), interest = '{"kind":"Mallory"}', org_id = 'Mallory'`,
		`UPDATE evault_copies SET interest = '{"kind":"Mallory"}', offer_id = 'Mallory'`,
		`UPDATE evault_acknowledgments SET acknowledgment_id = 'Mallory' || acknowledgment_id, sha256 = 'Mallory', at = '2020-01-01 00:00:00+00:00'`,
		`UPDATE evault_copy_register SET made_at = '2020-01-01 00:00:00+00:00', given_to_id = 'Mallory', size = 1, version = 9`,
		`UPDATE evault_signers SET name = 'Mallory', email = 'mallory@bank.test', role = 'Mallory', signed_at = '2020-01-01 00:00:00+00:00', consented_at = '2020-01-01 00:00:00+00:00'`,
		`UPDATE evault_envelopes SET name = 'Mallory', customer_id = 'Mallory'`,
		`UPDATE evault_events SET data = replace(data, 'US-NY', 'US-ZZ'), actor_id = 'Mallory', recorded_at = '2020-01-01 00:00:00+00:00'`,
		`UPDATE evault_event_details SET detail = replace(replace(detail, 'Ann', 'Mallory'), 'Bob', 'Mallory')`,
	}
	for _, s := range stories(t) {
		before := printed(t, s.document(t, copied(t, s.image)))
		for i, edit := range edits {
			t.Run(fmt.Sprintf("%s/%d", s.name, i), func(t *testing.T) {
				w := copied(t, s.image)
				db := w.DB.Bun()
				db.SetMaxOpenConns(1)
				_, err := db.ExecContext(t.Context(), "PRAGMA foreign_keys = OFF")
				check(t, err)
				_, err = db.ExecContext(t.Context(), edit)
				check(t, err)
				c, err := w.Compliance.Issue(t.Context(), s.id, s.cause(w))
				if err != nil {
					return // nothing is printed at all
				}
				doc, err := c.Document()
				check(t, err)
				after := printed(t, doc)
				for _, false := range []string{"Mallory", "US-ZZ", "2020-01-01", "B-LTA", "mallory"} {
					if strings.Contains(after, false) {
						t.Errorf("%s is printed", false)
					}
				}
				if after != before && len(failed(c.Compliance)) == 0 {
					t.Errorf("other text is printed, and every check is satisfied:\n%s\n%s", before, after)
				}
			})
		}
	}
}

// cause is the last event of the story that asks for a certificate.
func (s story) cause(w *world) string {
	events := w.Events(s.id)
	i := slices.IndexFunc(events, func(e vault.Event) bool { return e.Type == "vault.inspected" })
	if j := slices.IndexFunc(events, func(e vault.Event) bool { return e.Type == "vault.released" }); j >= 0 {
		i = j
	}
	return events[i].ID
}

// TestStoredResultIsHeldAgainstItsChecks: a changed result is not repeated.
func TestStoredResultIsHeldAgainstItsChecks(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]string{
		"the flag":      "UPDATE evault_evaluations SET compliant = NOT compliant",
		"the digest":    "UPDATE evault_evaluations SET digest = 'x'",
		"the result":    `UPDATE evault_evaluations SET result = replace(result, '"satisfied":true', '"satisfied":false')`,
		"result's flag": `UPDATE evault_evaluations SET result = replace(result, '"compliant":true', '"compliant":false')`,
		"the time":      "UPDATE evault_evaluations SET evaluated_at = '2020-01-01 00:00:00+00:00'",
		"no result":     "UPDATE evault_evaluations SET result = '{}'",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, id := vaultedWorld(t)
			if found, err := w.Compliance.LastEvaluation(t.Context(), id); err != nil || found == nil || !*found.Compliant {
				t.Fatalf("before the edit: %v, %v", found, err)
			}
			w.Exec(edit)
			found, err := w.Compliance.LastEvaluation(t.Context(), id)
			rec, recErr := w.Compliance.Record(t.Context(), dealer.OrgID, id)
			if err != nil || recErr != nil || found != nil || rec.Compliant != nil {
				t.Errorf("got %v, %v; record %v, %v", found, err, rec.Compliant, recErr)
			}
		})
	}
}

// TestRecordHoldsTheResultAgainstItsEvent: a stored evaluation that agrees with itself,
// and not with the event of its result, is not what the vault record says.
func TestRecordHoldsTheResultAgainstItsEvent(t *testing.T) {
	t.Parallel()
	w, failed, passed := twoWorld(t)
	w.VaultIn(failed, func(r *handover.VaultInRequest) { r.Actor = event.Actor{Kind: "operator", ID: "root"} })
	for id, want := range map[string]bool{passed: true, failed: false} {
		w.evaluate(id) // of a later time than the event
		rec, err := w.Compliance.Record(t.Context(), dealer.OrgID, id)
		if err != nil || rec.Compliant == nil || *rec.Compliant != want {
			t.Errorf("before the edit: %v, %v", rec.Compliant, err)
		}
	}
	w.Exec(`UPDATE evault_evaluations SET (compliant, score, digest, result, evaluated_at) =
		(SELECT compliant, score, digest, result, evaluated_at FROM evault_evaluations WHERE envelope_id = ?) WHERE envelope_id = ?`, passed, failed)
	rec, err := w.Compliance.Record(t.Context(), dealer.OrgID, failed)
	if err != nil || rec.Compliant != nil {
		t.Errorf("another's evaluation: %+v, %v", rec, err)
	}
}
