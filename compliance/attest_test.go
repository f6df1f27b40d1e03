package compliance_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/testdb"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/sqlstore"
	"github.com/evaultlib/evault/vault"
)

func attestRequest(id string) handover.AttestRequest {
	return handover.AttestRequest{OrgID: dealer.OrgID, EnvelopeID: id, Attestation: *testworld.Attestation(), Actor: actor}
}

// TestAttestLaterAtOnce: paper that was vaulted without an attestation becomes
// compliant by one that comes later, with a certificate that prints it.
func TestAttestLaterAtOnce(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, db *sqlstore.DB) {
		w := worldOn(t, db)
		id := w.paper()
		first := w.VaultIn(id)
		if first.Compliant == nil || *first.Compliant {
			t.Fatalf("without an attestation: compliant %v", first.Compliant)
		}
		before, err := w.ESign.Status(t.Context(), dealer.OrgID, id)
		check(t, err)
		r := attestRequest(id)
		r.IfMatch = before.ETag()
		var created, ran atomic.Int32
		r.Also = func(context.Context, storage.Tx, *compliance.VaultRecord) error { ran.Add(1); return nil }
		together(4, func() {
			rec, made, err := w.Handover.Attest(t.Context(), r)
			if errors.Is(err, esign.ErrPrecondition) {
				return // another one was first
			}
			if err != nil || rec.Compliant == nil || !*rec.Compliant {
				t.Errorf("attested: %+v, %v", rec, err)
			}
			if made {
				created.Add(1)
			}
		})
		if created.Load() != 1 || w.count(id, event.VaultAttested) != 1 || w.count(id, event.VaultCompliancePassed) != 1 {
			t.Errorf("made %d times, %d events, %d passed", created.Load(), w.count(id, event.VaultAttested), w.count(id, event.VaultCompliancePassed))
		}
		c, err := w.Compliance.Certificate(t.Context(), dealer.OrgID, id, 0)
		check(t, err)
		if c.Serial != 2 || c.Cause.Type != event.VaultAttested || c.Attestation == nil || c.Attestation.AttestedBy != "Ann" || len(c.Declarations) != 2 {
			t.Errorf("certificate: serial %d, cause %+v, attestation %+v, declarations %+v", c.Serial, c.Cause, c.Attestation, c.Declarations)
		}
		if again, made, err := w.Handover.Attest(t.Context(), attestRequest(id)); err != nil || made || again.CertificateID != c.ID {
			t.Errorf("again: made %t, %+v, %v", made, again, err)
		}
		other := attestRequest(id)
		other.Attestation.Statement = "Another statement."
		if _, _, err := w.Handover.Attest(t.Context(), other); !errors.Is(err, vault.ErrAlreadyVaulted) {
			t.Errorf("another: got %v, want ErrAlreadyVaulted", err)
		}
		w.Exec("UPDATE evault_copies SET attestation = replace(attestation, 'Bob', 'Eve')")
		if got := failed(w.evaluate(id).Result); got[certificate.RequiredSignatures] == "" {
			t.Errorf("an edited row: %v", got)
		}
	})
}

func TestAttestRefuses(t *testing.T) {
	t.Parallel()
	w, signed := vaultedWorld(t)
	plain, released := w.paper(), w.paper()
	w.VaultIn(released)
	w.VaultOut(released)
	var invalid *storage.InvalidError
	for _, tc := range []struct {
		name, id string
		edit     func(*handover.AttestRequest)
		ok       func(error) bool
	}{
		{"signed here", signed, nil, func(err error) bool { return errors.As(err, &invalid) && invalid.Fields[0].Rule == "excluded" }},
		{"not vaulted", plain, nil, is(vault.ErrNotVaulted)},
		{"released", released, nil, is(vault.ErrReleased)},
		{"absent", "env_absent", nil, is(esign.ErrNotFound)},
		{"foreign", signed, func(r *handover.AttestRequest) { r.OrgID = "org_other" }, is(esign.ErrNotFound)},
		{"nobody", signed, func(r *handover.AttestRequest) { r.Attestation.AttestedBy = "" }, func(err error) bool { return errors.As(err, &invalid) }},
		{"no holder", signed, func(r *handover.AttestRequest) { r.Attestation.PaperOriginal = "held" }, func(err error) bool {
			return errors.As(err, &invalid) && !strings.Contains(invalid.Fields[0].Field, "attestation")
		}},
	} {
		r := attestRequest(tc.id)
		if tc.edit != nil {
			tc.edit(&r)
		}
		if _, _, err := w.Handover.Attest(t.Context(), r); !tc.ok(err) {
			t.Errorf("%s: got %v", tc.name, err)
		}
	}
}
