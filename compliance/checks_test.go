package compliance_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// changed is an edit made behind the engines' back, and the checks that must find it.
type changed struct {
	name string
	edit func(w *world, id string)
	want []string
}

// changedFacts are edits in the database or in the folder of blobs.
func changedFacts() []changed {
	const (
		single    = compliance.SingleAuthoritativeCopy
		record    = compliance.TamperEvidentRecord
		assignee  = compliance.AssigneeIdentified
		signed    = compliance.RequiredSignatures
		held      = compliance.HeldByAssigneeOrCustodian
		consent   = compliance.ConsentToAssigneeChange
		copies    = compliance.CopiesIdentifiable
		amendment = compliance.AmendmentsIdentifiable
	)
	return []changed{
		{"a byte of the authoritative copy", func(w *world, id string) {
			w.blob(w.versions(id)[0].Object, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{single, assignee, signed, held, amendment}},
		{"the authoritative copy is gone", func(w *world, id string) {
			w.blob(w.versions(id)[0].Object, func([]byte) []byte { return nil })
		}, []string{single, held, amendment}},
		{"the authoritative copy is cut short", func(w *world, id string) {
			w.blob(w.versions(id)[0].Object, func(b []byte) []byte { return b[:len(b)-10] })
		}, []string{single, held, amendment}},
		{"other bytes with their digest in every row", func(w *world, id string) {
			v := w.versions(id)[0]
			var sum storage.Digest
			w.blob(v.Object, func(b []byte) []byte { b = append(b, "\n%more\n"...); sum = storage.Sum(b); return b })
			w.exec("UPDATE evault_versions SET sha256 = ?, size = size + 7", string(sum))
			w.exec("UPDATE evault_copies SET document_hash = ?, size = size + 7", string(sum))
			w.exec("UPDATE evault_claims SET sha256 = ? WHERE kind = 'version'", string(sum))
		}, []string{single, amendment}},
		{"the deposit's digest in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET source_sha256 = ?", string(storage.Sum(nil)))
		}, []string{single, signed, amendment}},
		{"a claim is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_claims WHERE kind = 'deposited'")
		}, []string{single}},
		{"the witness of a claim is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_claim_witnesses WHERE kind = 'signed'")
		}, []string{single}},
		{"the claim on what the last signer left is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_claims WHERE kind = 'signed'")
		}, []string{single}},
		{"a claim is another's", func(w *world, id string) {
			w.exec("UPDATE evault_claims SET envelope_id = 'env_other' WHERE kind = 'version'")
		}, []string{single}},
		{"the regime in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET regime = 'ucc_9_105_2010'")
		}, []string{single}},
		{"the time of deposit in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET vaulted_at = '2020-01-01 00:00:00+00:00'")
		}, []string{single}},

		{"an event's data", func(w *world, id string) {
			w.exec("UPDATE evault_events SET data = replace(data, 'link', 'none') WHERE type = 'envelope.signed'")
		}, []string{record}},
		{"an event's canonical bytes and hash", func(w *world, id string) {
			e := w.events(id)[2]
			b := []byte(strings.Replace(string(e.Canonical), e.ID, "evt_aaaaaaaaaaaaaaaaaaaaaaaaaa", 1))
			w.exec("UPDATE evault_events SET canonical = ?, hash = ? WHERE event_id = ?", b, string(storage.Sum(b)), e.ID)
		}, []string{record}},
		{"an event's detail", func(w *world, id string) {
			w.exec("UPDATE evault_event_details SET detail = replace(detail, '192.0.2.7', '192.0.2.8')")
		}, []string{record}},
		{"the end of the chain is cut off", func(w *world, id string) {
			w.exec("DELETE FROM evault_events WHERE type = 'certificate.issued'")
		}, []string{record}},
		{"an event that a certificate proves is cut off", func(w *world, id string) {
			w.exec("DELETE FROM evault_events WHERE seq >= (SELECT seq FROM evault_events WHERE type = 'custody.acknowledged')")
		}, []string{record, held}},
		{"the log's hashes", func(w *world, id string) {
			w.exec("DELETE FROM evault_log_hashes WHERE idx = 0")
		}, []string{record}},
		{"a leaf of the log", func(w *world, id string) {
			w.exec("UPDATE evault_log_hashes SET hash = zeroblob(32) WHERE idx = 0")
		}, []string{record}},
		{"the log was set back", func(w *world, id string) {
			w.exec("UPDATE evault_log_head SET (size, root) = (SELECT size, root FROM evault_log_checkpoints ORDER BY size LIMIT 1)")
		}, []string{single, record}},
		{"the checkpoint's signature", func(w *world, id string) {
			w.exec("UPDATE evault_log_checkpoints SET note = replace(note, 'vault.test', 'vault.fake')")
		}, []string{record}},
		{"an event is taken out of the log", func(w *world, id string) {
			w.exec("UPDATE evault_events SET log_index = NULL WHERE type = 'vault.stored'")
			w.clock.advance(2 * time.Minute)
		}, []string{single, record}},
		{"an event's place in the log", func(w *world, id string) {
			w.exec("UPDATE evault_events SET log_index = 1000 WHERE seq = 1")
			w.exec("UPDATE evault_events SET log_index = 0 WHERE seq = 2")
		}, []string{record}},
		{"a certificate is overwritten", func(w *world, id string) {
			w.exec("UPDATE evault_certificates SET jws = replace(jws, '.', '..')")
		}, []string{record}},
		{"a certificate is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_certificates")
		}, []string{record}},
		{"the customer in the row", func(w *world, id string) {
			w.exec("UPDATE evault_envelopes SET customer_id = 'c-2'")
		}, []string{record}},

		{"the assignee in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET secured_party = replace(secured_party, 'Dealer', 'Healer')")
		}, []string{assignee}},
		{"the assignee in the custody row", func(w *world, id string) {
			w.exec("UPDATE evault_custody SET to_custody = replace(to_custody, 'Dealer', 'Healer')")
		}, []string{consent}},
		{"the signed custody statement", func(w *world, id string) {
			w.exec("UPDATE evault_custody SET statement = statement || 'A'")
		}, []string{assignee, held, consent}},
		{"the custody entry is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_custody")
		}, []string{assignee, held, consent}},
		{"the controller in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET controller = replace(controller, 'organization', 'agent')")
		}, []string{assignee}},
		{"the seal in the row is another's", func(w *world, id string) {
			w.exec("UPDATE evault_versions SET seal = replace(seal, '\"field\":\"', '\"field\":\"X')")
		}, []string{single, assignee, amendment}},

		{"a signer's name", func(w *world, id string) {
			w.exec("UPDATE evault_signers SET name = 'Eve' WHERE position = 0")
		}, []string{signed}},
		{"a signer is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_fields")
			w.exec("DELETE FROM evault_signers WHERE position = 1")
		}, []string{signed}},
		{"a signer is added", func(w *world, id string) {
			w.exec("UPDATE evault_signers SET signer_id = 'sgn_other' WHERE position = 1")
		}, []string{signed}},
		{"a field is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_fields WHERE position = 0")
		}, []string{signed}},
		{"a field is another signer's", func(w *world, id string) {
			w.exec("UPDATE evault_fields SET signer_id = (SELECT signer_id FROM evault_signers WHERE position = 1) WHERE position = 0")
		}, []string{signed}},
		{"a field was not required", func(w *world, id string) {
			w.exec("UPDATE evault_fields SET required = NOT required WHERE position = 0")
		}, []string{signed}},
		{"a field's place", func(w *world, id string) {
			w.exec("UPDATE evault_fields SET page = page + 1 WHERE position = 0")
		}, []string{signed}},
		{"a field's label", func(w *world, id string) {
			w.exec("UPDATE evault_fields SET label = label || 'x' WHERE position = 0")
		}, []string{signed}},
		{"a field's value", func(w *world, id string) {
			w.exec("UPDATE evault_fields SET value = value || 'x' WHERE position = 0")
		}, []string{signed}},
		{"what a signer saw", func(w *world, id string) {
			w.exec("UPDATE evault_signers SET presented_sha256 = ?", string(storage.Sum(nil)))
		}, []string{signed}},
		{"what a signer consented to", func(w *world, id string) {
			w.exec("UPDATE evault_signers SET disclosure_sha256 = ?", string(storage.Sum(nil)))
		}, []string{signed}},
		{"a state of the document", func(w *world, id string) {
			w.exec("UPDATE evault_parts SET size = size - 1 WHERE seq = 1")
		}, []string{signed}},
		{"a consent is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_event_details WHERE event_id IN (SELECT event_id FROM evault_events WHERE type = 'envelope.consented')")
			w.exec("DELETE FROM evault_events WHERE type = 'envelope.consented'")
		}, []string{record, signed}},

		{"the acknowledgment is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_acknowledgments")
		}, []string{held}},
		{"the acknowledgment's signature", func(w *world, id string) {
			w.exec("UPDATE evault_acknowledgments SET jws = jws || 'A'")
		}, []string{held}},
		{"the custodian in the row", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET custodian = replace(custodian, 'operator', 'self')")
		}, []string{assignee}},
		{"nobody checked the bytes for long", func(w *world, id string) {
			w.clock.advance(100 * time.Hour)
		}, []string{held}},

		{"the consent in the row", func(w *world, id string) {
			w.exec("UPDATE evault_custody SET consent = replace(consent, 'key_1', 'key_2')")
		}, []string{consent}},
		{"the custody event is gone", func(w *world, id string) {
			w.exec("DELETE FROM evault_events WHERE type = 'custody.assigned'")
		}, []string{record, consent}},

		{"a download is taken out of the register", func(w *world, id string) {
			w.inspect(id)
			w.exec("DELETE FROM evault_copy_register WHERE kind = 'inspection'")
		}, []string{copies}},
		{"a download's digest", func(w *world, id string) {
			w.inspect(id)
			w.exec("UPDATE evault_copy_register SET sha256 = ? WHERE kind = 'inspection'", string(storage.Sum(nil)))
		}, []string{copies}},
		{"who downloaded", func(w *world, id string) {
			w.inspect(id)
			w.exec("UPDATE evault_copy_register SET given_to_id = 'key_2' WHERE kind = 'inspection'")
		}, []string{copies}},

		{"a byte of the marked copy", func(w *world, id string) {
			w.blob(w.marked(id).Object, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{copies}},
		{"the marked copy is the authoritative one", func(w *world, id string) {
			var original []byte
			w.blob(w.versions(id)[0].Object, func(b []byte) []byte { original = b; return b })
			w.blob(w.marked(id).Object, func([]byte) []byte { return original })
			w.exec("UPDATE evault_copy_register SET sha256 = ?, size = ?", string(storage.Sum(original)), len(original))
		}, []string{copies}},
		{"the marked copy is another's", func(w *world, id string) {
			other := w.completed()
			w.vaultIn(other)
			var copied []byte
			w.blob(w.marked(other).Object, func(b []byte) []byte { copied = b; return b })
			w.blob(w.marked(id).Object, func([]byte) []byte { return copied })
			w.exec("UPDATE evault_copy_register SET sha256 = ?, size = ? WHERE envelope_id = ?", string(storage.Sum(copied)), len(copied), id)
		}, []string{copies}},
		{"the marked copy is taken out of the register", func(w *world, id string) {
			w.exec("UPDATE evault_copies SET marked_id = NULL")
			w.exec("DELETE FROM evault_copy_register")
		}, []string{copies}},

		{"a signer's copy is taken out of the register", func(w *world, id string) {
			w.exec("DELETE FROM evault_copy_register WHERE kind = 'signer'")
		}, []string{copies}},
		{"who was given a signer's copy", func(w *world, id string) {
			w.exec("UPDATE evault_copy_register SET given_to_id = 'sgn_other' WHERE kind = 'signer'")
		}, []string{copies}},
		{"the claim on what the pages hold", func(w *world, id string) {
			w.exec("DELETE FROM evault_claims WHERE kind = 'pages'")
		}, []string{single}},

		{"a version is gone", func(w *world, id string) {
			w.exec("UPDATE evault_versions SET version = 2")
		}, []string{amendment}},
		{"what a version extends", func(w *world, id string) {
			w.exec("UPDATE evault_versions SET prefix_size = prefix_size - 1")
		}, []string{amendment}},
		{"a version's event", func(w *world, id string) {
			w.exec("UPDATE evault_versions SET event_id = (SELECT event_id FROM evault_events WHERE seq = 1)")
		}, []string{amendment}},
	}
}

// Facts changed underneath: each edit is found by the checks named, in the words
// that the table of sentences has for it.
func TestChangedFactsAreFound(t *testing.T) {
	t.Parallel()
	whole := newWorld(t)
	id := whole.completed()
	whole.vaultIn(id)
	_, err := whole.log.Integrate(t.Context())
	check(t, err)
	if got := failed(whole.evaluate(id).Result); len(got) != 0 {
		t.Fatalf("before any edit: %v", got)
	}
	stored := whole.image()
	for _, tc := range changedFacts() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := stored.copied(t)
			tc.edit(w, id)
			e := w.evaluate(id)
			sentencesOf(t, tc.name, resultText(e.Result))
			got := failed(e.Result)
			for _, id := range tc.want {
				if got[id] == "" {
					t.Errorf("%s is satisfied; failed: %v", id, got)
				}
			}
			if *e.Compliant || *e.Score > 87 || !slices.Contains(e.MissingRequirements, tc.want[0]) {
				t.Errorf("compliant %t, score %d, missing %v", *e.Compliant, *e.Score, e.MissingRequirements)
			}
		})
	}
}

func (w *world) marked(id string) *vault.Registered {
	w.t.Helper()
	c, err := w.vault.Copy(w.t.Context(), dealer.OrgID, id)
	check(w.t, err)
	if c.Marked == nil {
		w.t.Fatal("no marked copy")
	}
	return c.Marked
}

func (w *world) inspect(id string) {
	w.t.Helper()
	_, err := w.vault.ReadAuthoritative(w.t.Context(), vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.t, err)
}

// What an authorized program does does not fail a check.
func TestOrdinaryUseSatisfies(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	w.inspect(id)
	w.clock.advance(200 * time.Hour)
	_, err := w.vault.CheckIntegrity(t.Context(), id)
	check(t, err)
	_, err = w.log.Integrate(t.Context())
	check(t, err)
	if got := failed(w.evaluate(id).Result); len(got) != 0 {
		t.Errorf("failed: %v", got)
	}
}

func TestPartiesDecide(t *testing.T) {
	t.Parallel()
	agent := dealer
	agent.Capacity, agent.Agreement = vault.CapacityAgent, agreement
	cases := []struct {
		name string
		edit func(*handover.VaultInRequest)
		want []string
	}{
		{"outside assignee, principal", func(r *handover.VaultInRequest) { r.SecuredParty = &bank }, []string{
			compliance.AssigneeIdentified, compliance.HeldByAssigneeOrCustodian, compliance.ConsentToAssigneeChange,
		}},
		{"outside assignee, agent", func(r *handover.VaultInRequest) { r.SecuredParty, r.Depositor = &bank, agent }, nil},
		{"outside assignee, agent, own vault", func(r *handover.VaultInRequest) {
			r.SecuredParty, r.Depositor, r.Custodian = &bank, agent, vault.CustodianSelf
		}, []string{compliance.HeldByAssigneeOrCustodian}},
		{"itself, own vault", func(r *handover.VaultInRequest) { r.Custodian = vault.CustodianSelf }, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t)
			rec := w.vaultIn(id, tc.edit)
			e := w.evaluate(id)
			if !slices.Equal(e.MissingRequirements, append([]string{}, tc.want...)) || *rec.Compliant != (tc.want == nil) {
				t.Errorf("got %v, want %v: %v", e.MissingRequirements, tc.want, failed(e.Result))
			}
		})
	}
}

func TestPaper(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		edit func(*handover.VaultInRequest)
		want []string
	}{
		{"attested", func(r *handover.VaultInRequest) { r.Attestation = attestation() }, nil},
		{"not attested", func(*handover.VaultInRequest) {}, []string{compliance.RequiredSignatures}},
		{"paper kept by the custodian, with a receipt", func(r *handover.VaultInRequest) {
			r.Attestation = attestation()
			r.Attestation.PaperOriginal, r.Attestation.Holder = "held", dealer.LegalName
			r.Attestation.PaperCustodian = &vault.PaperCustodian{Name: operator.Name, ReceiptSHA256: storage.Sum([]byte("receipt"))}
		}, nil},
		{"paper kept by a stranger, with a receipt", func(r *handover.VaultInRequest) {
			r.Attestation = attestation()
			r.Attestation.PaperOriginal, r.Attestation.Holder = "held", dealer.LegalName
			r.Attestation.PaperCustodian = &vault.PaperCustodian{Name: "Somebody", ReceiptSHA256: storage.Sum([]byte("receipt"))}
		}, []string{compliance.SingleAuthoritativeCopy}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.paper()
			w.vaultIn(id, tc.edit)
			e := w.evaluate(id)
			if !slices.Equal(e.MissingRequirements, append([]string{}, tc.want...)) {
				t.Errorf("got %v, want %v: %v", e.MissingRequirements, tc.want, failed(e.Result))
			}
			c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			if tc.name != "not attested" && len(c.Declarations) != 2 {
				t.Errorf("declarations: got %+v, want attestation and medium", c.Declarations)
			}
		})
	}
	t.Run("attestation edited", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := w.paper()
		w.vaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = attestation() })
		w.exec("UPDATE evault_copies SET attestation = replace(attestation, 'Bob', 'Eve')")
		if got := failed(w.evaluate(id).Result); got[compliance.RequiredSignatures] == "" || got[compliance.SingleAuthoritativeCopy] == "" {
			t.Errorf("failed: %v", got)
		}
	})
}

// A file that cannot carry its seal is sealed by statements beside it.
func TestDetachedSeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.paperOf(testpdf.Encrypted())
	rec := w.vaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = attestation() })
	if rec.Copy.Seal.Mode != vault.SealingDetached || !*rec.Compliant {
		t.Fatalf("sealed %s; failed: %v", rec.Copy.Seal.Mode, failed(w.evaluate(id).Result))
	}
	cases := []struct {
		name string
		edit func(w *world)
		want string
	}{
		{"a download says nothing of itself", func(w *world) { w.inspect(id) }, compliance.CopiesIdentifiable},
		{"the statement", func(w *world) { w.exec("UPDATE evault_versions SET statement = zeroblob(100)") }, compliance.AmendmentsIdentifiable},
		{"the statement's digest", func(w *world) {
			w.exec("UPDATE evault_versions SET seal = replace(seal, '\"sha256\":\"', '\"sha256\":\"0')")
		}, compliance.SingleAuthoritativeCopy},
	}
	stored := w.image()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := stored.copied(t)
			tc.edit(w)
			if got := failed(w.evaluate(id).Result); got[tc.want] == "" {
				t.Errorf("%s is satisfied; failed: %v", tc.want, got)
			}
		})
	}
	t.Run("released", func(t *testing.T) {
		t.Parallel()
		w := stored.copied(t)
		w.release(id)
		if got := failed(w.evaluate(id).Result); len(got) != 0 {
			t.Errorf("failed: %v", got)
		}
	})
}

func TestEvaluateInAnyStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.created().ID
	e := w.evaluate(sent)
	if e.State != compliance.StateNone || *e.Compliant || len(e.Checks) != 8 || len(e.MissingRequirements) != 7 {
		t.Errorf("sent: got %v", e.MissingRequirements)
	}
	done := w.completed()
	e = w.evaluate(done)
	if got := failed(e.Result); got[compliance.RequiredSignatures] != "" || got[compliance.SingleAuthoritativeCopy] == "" {
		t.Errorf("completed: failed %v", got)
	}
	w.vaultIn(done)
	w.release(done)
	e = w.evaluate(done)
	var ended []string
	for _, c := range e.Checks {
		if c.Satisfied == nil {
			ended = append(ended, c.ID)
		}
	}
	want := []string{compliance.SingleAuthoritativeCopy, compliance.HeldByAssigneeOrCustodian}
	if e.State != compliance.StateReleased || e.Compliant != nil || e.Score != nil || len(e.MissingRequirements) != 0 || !slices.Equal(ended, want) {
		t.Errorf("released: state %s, compliant %v, missing %v, ended %v", e.State, e.Compliant, e.MissingRequirements, ended)
	}
	if _, err := w.engine.Evaluate(t.Context(), "org_other", done, actor); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("another organization: got %v, want ErrNotFound", err)
	}
	if _, err := w.engine.Evaluate(t.Context(), dealer.OrgID, "env_none", actor); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("absent: got %v, want ErrNotFound", err)
	}
}

// covered are answers that the statute of a regime asks for.
var covered = map[string]*vault.Classification{
	compliance.UCC7106:   {DocumentOfTitle: true},
	compliance.ESIGN7021: {PromiseToPay: true, IssuerAgreementClause: true, RealProperty: true},
	compliance.UETA16:    {PromiseToPay: true, IssuerAgreementClause: true},
}

func TestEveryRegime(t *testing.T) {
	t.Parallel()
	for _, r := range compliance.Regimes() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t)
			w.vaultIn(id, func(q *handover.VaultInRequest) { q.Regime, q.Classification = r.ID, covered[r.ID] })
			e := w.evaluate(id)
			c, err := w.engine.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			if c.Type != r.CertificateType || c.Regime != r.ID || c.RegimeBasis != compliance.BasisDeclared {
				t.Errorf("certificate: %s, %s, %s", c.Type, c.Regime, c.RegimeBasis)
			}
			if r.ID == compliance.NoRegime {
				if e.Compliant != nil || e.Score != nil || len(e.Checks) != 0 || len(e.Findings) == 0 {
					t.Errorf("got %+v", e.Result)
				}
				return
			}
			if !*e.Compliant || *e.Score != 100 || len(e.Checks) != 8 {
				t.Errorf("failed: %v", failed(e.Result))
			}
		})
	}
}

// A seal by a stranger is not the vault's.
func TestSealByAStranger(t *testing.T) {
	t.Parallel()
	w, id := completedWorld(t)
	stranger, err := testpki.SelfSigned("Stranger", start)
	check(t, err)
	w.vaultIn(id)
	v := w.versions(id)[0]
	var sum storage.Digest
	var size int
	w.blob(v.Object, func(b []byte) []byte {
		s, err := pades.New(pades.Config{Signer: stranger.Key, Chain: stranger.Chain, Now: w.clock.now})
		check(t, err)
		seal, err := s.Seal(t.Context(), pades.SealRequest{PDF: b[:v.Prefix.Size], Reason: "assignee Dealer Finance LLC (org_dealer)", At: w.clock.now()})
		check(t, err)
		b = slices.Concat(b[:v.Prefix.Size], seal.Appended)
		sum, size = storage.Sum(b), len(b)
		return b
	})
	w.exec("UPDATE evault_versions SET sha256 = ?, size = ?", string(sum), size)
	w.exec("UPDATE evault_copies SET document_hash = ?, size = ?", string(sum), size)
	got := failed(w.evaluate(id).Result)
	for _, want := range []string{compliance.SingleAuthoritativeCopy, compliance.AssigneeIdentified, compliance.AmendmentsIdentifiable} {
		if got[want] == "" {
			t.Errorf("%s is satisfied", want)
		}
	}
}

// TestAllowedMarks: a file with the marks of this system, deposited because the host
// allowed it, is no single authoritative copy.
func TestAllowedMarks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) {
		s.vault.OnDuplicate = func(context.Context, vault.Duplicate) bool { return true }
	})
	marked, _, err := pdf.Prepare(t.Context(), testpdf.Contract(2), pdf.Preparation{Legend: pdf.LegendStart + "."})
	check(t, err)
	id := w.paperOf(marked)
	w.vaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = attestation() })
	if got := failed(w.evaluate(id).Result)[compliance.SingleAuthoritativeCopy]; !strings.Contains(got, "bears the marks") {
		t.Errorf("got %q", got)
	}
}

// TestRivals: two envelopes that have the same bytes, however that came about, are
// both not compliant.
func TestRivals(t *testing.T) {
	t.Parallel()
	var vaulted []string
	w := newWorld(t, func(s *setup) {
		s.vault.OnDuplicate = func(_ context.Context, d vault.Duplicate) bool { return true }
	})
	scan := testpdf.Simple(1, "Pledged twice")
	for range 2 {
		id := w.paperOf(scan)
		w.vaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = attestation() })
		vaulted = append(vaulted, id)
	}
	for i, id := range vaulted {
		if got := failed(w.evaluate(id).Result)[compliance.SingleAuthoritativeCopy]; !strings.Contains(got, "same bytes") {
			t.Errorf("envelope %d: %q", i+1, got)
		}
	}
}
