package compliance

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
)

// AttestRequest brings the attestation of paper that was vaulted without one.
type AttestRequest struct {
	OrgID, EnvelopeID string
	Attestation       vault.Attestation
	IfMatch           string // the envelope's ETag; "" is any
	Actor             Actor

	// Also runs in the transaction that records the attestation, with the record as
	// it is then. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *VaultRecord) error
}

// Attest adds an attestation to vaulted paper, evaluates it at once and issues a
// new certificate. Asked again with the same attestation it returns the record
// and created false. Errors: those of vault.Attest, esign.ErrNotFound,
// esign.ErrPrecondition.
func (h *Handover) Attest(ctx context.Context, r AttestRequest) (rec *VaultRecord, created bool, err error) {
	e := h.e
	if _, err := e.c.ESign.Status(ctx, r.OrgID, r.EnvelopeID); err != nil {
		return nil, false, err
	}
	a, created, err := e.c.Vault.Attest(ctx, vault.AttestRequest{
		OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Attestation: r.Attestation, Actor: r.Actor, Also: e.attested(r),
	})
	if err != nil {
		return nil, false, err
	}
	if a.EventID != "" {
		if err := e.finish(ctx, r.EnvelopeID, a.EventID, r.Actor); err != nil && !e.late(ctx, r.EnvelopeID, err) {
			return nil, created, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
		}
	}
	rec, err = h.Record(ctx, r.OrgID, r.EnvelopeID)
	return rec, created, err
}

// attested takes the last evaluation back and notes the certificate that is due,
// in the attestation's transaction.
func (e *Engine) attested(r AttestRequest) func(context.Context, storage.Tx, *vault.Attested) error {
	return func(ctx context.Context, tx storage.Tx, a *vault.Attested) error {
		now := e.now()
		if err := e.c.ESign.With(tx).Attested(ctx, esign.Attesting{EnvelopeID: r.EnvelopeID, IfMatch: r.IfMatch}); err != nil {
			return err
		}
		if err := e.c.Store.With(tx).ExpireEvaluation(ctx, r.EnvelopeID, now); err != nil {
			return err
		}
		due := Due{CauseID: a.EventID, CauseType: vault.EventAttested, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, CreatedAt: now}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, &VaultRecord{Copy: a.Copy})
	}
}
