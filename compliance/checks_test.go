package compliance_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/pdf/overlay"
	"github.com/evaultlib/evault/internal/testpdf"
	"github.com/evaultlib/evault/internal/testpki"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

func (w *world) marked(id string) *custody.RegisteredCopy {
	w.T.Helper()
	c, err := w.Vault.Original(w.T.Context(), dealer.OrgID, id)
	check(w.T, err)
	if c.Marked == nil {
		w.T.Fatal("no marked copy")
	}
	return c.Marked
}

func (w *world) inspect(id string) {
	w.T.Helper()
	_, err := w.Vault.ReadAuthoritative(w.T.Context(), vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.T, err)
}

// What an authorized program does does not fail a check.
func TestOrdinaryUseSatisfies(t *testing.T) {
	t.Parallel()
	w, id := vaultedWorld(t)
	w.inspect(id)
	w.Clock.Advance(200 * time.Hour)
	_, err := w.Vault.CheckIntegrity(t.Context(), id)
	check(t, err)
	_, err = w.Log.Integrate(t.Context())
	check(t, err)
	if got := failed(w.evaluate(id).Result); len(got) != 0 {
		t.Errorf("failed: %v", got)
	}
}

func TestPartiesDecide(t *testing.T) {
	t.Parallel()
	agent := dealer
	agent.Capacity, agent.Agreement = custody.CapacityAgent, agreement
	cases := []struct {
		name string
		edit func(*handover.VaultInRequest)
		want []string
	}{
		{"outside assignee, principal", func(r *handover.VaultInRequest) { r.SecuredParty = &bank }, []string{
			certificate.AssigneeIdentified, certificate.HeldByAssigneeOrCustodian, certificate.ConsentToAssigneeChange,
		}},
		{"outside assignee, agent", func(r *handover.VaultInRequest) { r.SecuredParty, r.Depositor = &bank, agent }, nil},
		{"outside assignee, agent, own vault", func(r *handover.VaultInRequest) {
			r.SecuredParty, r.Depositor, r.Custodian = &bank, agent, custody.CustodianSelf
		}, []string{certificate.HeldByAssigneeOrCustodian}},
		{"itself, own vault", func(r *handover.VaultInRequest) { r.Custodian = custody.CustodianSelf }, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t)
			rec := w.VaultIn(id, tc.edit)
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
		{"attested", func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() }, nil},
		{"not attested", func(*handover.VaultInRequest) {}, []string{certificate.RequiredSignatures}},
		{"paper kept by the custodian, with a receipt", func(r *handover.VaultInRequest) {
			r.Attestation = testworld.Attestation()
			r.Attestation.PaperOriginal, r.Attestation.Holder = "held", dealer.LegalName
			r.Attestation.PaperCustodian = &custody.PaperCustodian{Name: operator.Name, ReceiptSHA256: storage.Sum([]byte("receipt"))}
		}, nil},
		{"paper kept by a stranger, with a receipt", func(r *handover.VaultInRequest) {
			r.Attestation = testworld.Attestation()
			r.Attestation.PaperOriginal, r.Attestation.Holder = "held", dealer.LegalName
			r.Attestation.PaperCustodian = &custody.PaperCustodian{Name: "Somebody", ReceiptSHA256: storage.Sum([]byte("receipt"))}
		}, []string{certificate.SingleAuthoritativeCopy}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.paper()
			w.VaultIn(id, tc.edit)
			e := w.evaluate(id)
			if !slices.Equal(e.MissingRequirements, append([]string{}, tc.want...)) {
				t.Errorf("got %v, want %v: %v", e.MissingRequirements, tc.want, failed(e.Result))
			}
			c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
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
		w.VaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
		w.Exec("UPDATE evault_copies SET attestation = replace(attestation, 'Bob', 'Eve')")
		if got := failed(w.evaluate(id).Result); got[certificate.RequiredSignatures] == "" || got[certificate.SingleAuthoritativeCopy] == "" {
			t.Errorf("failed: %v", got)
		}
	})
}

// A file that cannot carry its seal is sealed by statements beside it.
func TestDetachedSeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.Paper(testpdf.Encrypted())
	rec := w.VaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
	if rec.Original.Seal.Mode != custody.SealingDetached || !*rec.Compliant {
		t.Fatalf("sealed %s; failed: %v", rec.Original.Seal.Mode, failed(w.evaluate(id).Result))
	}
	cases := []struct {
		name string
		edit func(w *world)
		want string
	}{
		{"a download says nothing of itself", func(w *world) { w.inspect(id) }, certificate.CopiesIdentifiable},
		{"the statement", func(w *world) { w.Exec("UPDATE evault_versions SET statement = zeroblob(100)") }, certificate.AmendmentsIdentifiable},
		{"the statement's digest", func(w *world) {
			w.Exec("UPDATE evault_versions SET seal = replace(seal, '\"sha256\":\"', '\"sha256\":\"0')")
		}, certificate.SingleAuthoritativeCopy},
	}
	stored := w.Image()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := copied(t, stored)
			tc.edit(w)
			if got := failed(w.evaluate(id).Result); got[tc.want] == "" {
				t.Errorf("%s is satisfied; failed: %v", tc.want, got)
			}
		})
	}
	t.Run("released", func(t *testing.T) {
		t.Parallel()
		w := copied(t, stored)
		w.VaultOut(id)
		if got := failed(w.evaluate(id).Result); len(got) != 0 {
			t.Errorf("failed: %v", got)
		}
	})
}

func TestEvaluateInAnyStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sent := w.Created().ID
	e := w.evaluate(sent)
	if e.State != certificate.StateNone || *e.Compliant || len(e.Checks) != 8 || len(e.MissingRequirements) != 7 {
		t.Errorf("sent: got %v", e.MissingRequirements)
	}
	done := w.Completed()
	e = w.evaluate(done)
	if got := failed(e.Result); got[certificate.RequiredSignatures] != "" || got[certificate.SingleAuthoritativeCopy] == "" {
		t.Errorf("completed: failed %v", got)
	}
	w.VaultIn(done)
	w.VaultOut(done)
	e = w.evaluate(done)
	var ended []string
	for _, c := range e.Checks {
		if c.Satisfied == nil {
			ended = append(ended, c.ID)
		}
	}
	want := []string{certificate.SingleAuthoritativeCopy, certificate.HeldByAssigneeOrCustodian}
	if e.State != certificate.StateReleased || e.Compliant != nil || e.Score != nil || len(e.MissingRequirements) != 0 || !slices.Equal(ended, want) {
		t.Errorf("released: state %s, compliant %v, missing %v, ended %v", e.State, e.Compliant, e.MissingRequirements, ended)
	}
	if _, err := w.Compliance.Evaluate(t.Context(), "org_other", done, actor); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("another organization: got %v, want ErrNotFound", err)
	}
	if _, err := w.Compliance.Evaluate(t.Context(), dealer.OrgID, "env_none", actor); !errors.Is(err, esign.ErrNotFound) {
		t.Errorf("absent: got %v, want ErrNotFound", err)
	}
}

// covered are answers that the statute of a regime asks for.
var covered = map[string]*custody.Classification{
	certificate.UCC7106:   {DocumentOfTitle: true},
	certificate.ESIGN7021: {PromiseToPay: true, IssuerAgreementClause: true, RealProperty: true},
	certificate.UETA16:    {PromiseToPay: true, IssuerAgreementClause: true},
}

func TestEveryRegime(t *testing.T) {
	t.Parallel()
	for _, r := range certificate.Regimes() {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			w, id := completedWorld(t)
			w.VaultIn(id, func(q *handover.VaultInRequest) { q.Regime, q.Classification = r.ID, covered[r.ID] })
			e := w.evaluate(id)
			c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
			check(t, err)
			if c.Type != r.CertificateType || c.Regime != r.ID || c.RegimeBasis != certificate.BasisDeclared {
				t.Errorf("certificate: %s, %s, %s", c.Type, c.Regime, c.RegimeBasis)
			}
			if r.ID == certificate.NoRegime {
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
	w.VaultIn(id)
	v := w.versions(id)[0]
	var sum storage.Digest
	var size int
	w.Alter(v.Object, func(b []byte) []byte {
		s, err := pades.New(pades.Config{Signer: stranger.Key, Chain: stranger.Chain, Now: w.Clock.Now})
		check(t, err)
		seal, err := s.Seal(t.Context(), pades.SealRequest{PDF: b[:v.Prefix.Size], Reason: "assignee Dealer Finance LLC (org_dealer)", At: w.Clock.Now()})
		check(t, err)
		b = slices.Concat(b[:v.Prefix.Size], seal.Appended)
		sum, size = storage.Sum(b), len(b)
		return b
	})
	w.Exec("UPDATE evault_versions SET sha256 = ?, size = ?", string(sum), size)
	w.Exec("UPDATE evault_copies SET document_hash = ?, size = ?", string(sum), size)
	got := failed(w.evaluate(id).Result)
	for _, want := range []string{certificate.SingleAuthoritativeCopy, certificate.AssigneeIdentified, certificate.AmendmentsIdentifiable} {
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
		s.Vault.OnDuplicate = func(context.Context, vault.Duplicate) bool { return true }
	})
	marked, _, err := overlay.Prepare(t.Context(), testpdf.Contract(2), overlay.Preparation{Legend: copymark.LegendStart + "."})
	check(t, err)
	id := w.Paper(marked)
	w.VaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
	if got := failed(w.evaluate(id).Result)[certificate.SingleAuthoritativeCopy]; !strings.Contains(got, "bears the marks") {
		t.Errorf("got %q", got)
	}
}

// TestRivals: two envelopes that have the same bytes, however that came about, are
// both not compliant.
func TestRivals(t *testing.T) {
	t.Parallel()
	var vaulted []string
	w := newWorld(t, func(s *setup) {
		s.Vault.OnDuplicate = func(_ context.Context, d vault.Duplicate) bool { return true }
	})
	scan := testpdf.Simple(1, "Pledged twice")
	for range 2 {
		id := w.Paper(scan)
		w.VaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
		vaulted = append(vaulted, id)
	}
	for i, id := range vaulted {
		if got := failed(w.evaluate(id).Result)[certificate.SingleAuthoritativeCopy]; !strings.Contains(got, "same bytes") {
			t.Errorf("envelope %d: %q", i+1, got)
		}
	}
}
