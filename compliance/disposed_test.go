package compliance_test

import (
	"context"
	"testing"
	"time"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/internal/testworld"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// TestDisposed: bytes that were deleted after a release, its acknowledgment and the
// grace are rightly gone. What was to be computed from them no longer applies;
// nothing is called not satisfied. Bytes that went another way are missing.
func TestDisposed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		paper, acknowledged bool
		edit                func(w *world)
		failed              bool
	}{
		"signed":                   {acknowledged: true},
		"paper":                    {paper: true, acknowledged: true},
		"not acknowledged":         {failed: true},
		"a row names the deletion": {failed: true, edit: func(w *world) { w.Exec("UPDATE evault_releases SET deleted_at = '2026-12-01 00:00:00+00:00'") }},
		"before the end of the grace": {acknowledged: true, failed: true, edit: func(w *world) {
			w.Exec("UPDATE evault_releases SET deleted_at = acknowledged_at")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *world
			var id string
			disposing := func(s *setup) {
				s.Vault.Disposed = func(ctx context.Context, tx storage.Tx, id string) error { return w.ESign.With(tx).Dispose(ctx, id) }
			}
			if tc.paper {
				w = newWorld(t, disposing)
				id = w.paper()
				w.VaultIn(id, func(r *handover.VaultInRequest) { r.Attestation = testworld.Attestation() })
			} else {
				w, id = vaultedWorld(t, disposing)
			}
			w.inspect(id)
			w.VaultOut(id)
			_, err := w.Log.Integrate(t.Context())
			check(t, err)
			if got := failed(w.evaluate(id).Result); len(got) != 0 {
				t.Fatalf("after the release: %v", got)
			}
			w.dispose(id, tc.acknowledged)
			if tc.edit != nil {
				tc.edit(w)
			}
			r := w.evaluate(id).Result
			if got := failed(r); (len(got) > 0) != tc.failed {
				t.Errorf("failed: %v", got)
			}
			if tc.failed {
				return
			}
			for id, null := range map[string]bool{
				certificate.SingleAuthoritativeCopy: true, certificate.AssigneeIdentified: true, certificate.RequiredSignatures: true,
				certificate.HeldByAssigneeOrCustodian: true, certificate.CopiesIdentifiable: true, certificate.AmendmentsIdentifiable: true,
				certificate.TamperEvidentRecord: false, certificate.ConsentToAssigneeChange: false,
			} {
				for _, c := range r.Checks {
					if c.ID == id && (c.Satisfied == nil) != null {
						t.Errorf("%s: satisfied is null %t: %s", id, !null, c.Detail)
					}
				}
			}
		})
	}
}

// dispose lets the bytes of a release go: as the vault does after an
// acknowledgment, or by a hand that deletes them.
func (w *world) dispose(id string, acknowledged bool) {
	w.T.Helper()
	ctx := w.T.Context()
	if !acknowledged {
		for _, v := range w.versions(id) {
			w.Alter(v.Object, func([]byte) []byte { return nil })
		}
		return
	}
	f, err := w.Vault.ReadPackage(ctx, vault.ReadRequest{OrgID: dealer.OrgID, EnvelopeID: id, Actor: actor})
	check(w.T, err)
	_, err = w.Vault.Acknowledge(ctx, vault.AcknowledgeRequest{OrgID: dealer.OrgID, EnvelopeID: id, SHA256: f.SHA256, Actor: actor})
	check(w.T, err)
	w.Clock.Advance(31 * 24 * time.Hour)
	_, err = w.Log.Integrate(ctx)
	check(w.T, err)
	if n, err := w.Vault.DeleteDue(ctx, 10); n != 1 || err != nil {
		w.T.Fatalf("deleted %d, %v", n, err)
	}
	_, err = w.Objects.Sweep(ctx, 100)
	check(w.T, err)
}
