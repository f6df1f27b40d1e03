package handover

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// AttestRequest brings the attestation of paper that was vaulted without one.
type AttestRequest struct {
	OrgID, EnvelopeID string
	Attestation       custody.Attestation
	IfMatch           string // the envelope's ETag; "" is any
	Actor             event.Actor

	// Also runs in the transaction that records the attestation, with the record as
	// it is then. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *compliance.VaultRecord) error
}

// Attest adds an attestation to vaulted paper, evaluates it at once and issues a
// new certificate. A repeated call with the same attestation returns the record
// and created false. Errors: those of vault.Attest, esign.ErrNotFound,
// esign.ErrPrecondition.
func (e *Engine) Attest(ctx context.Context, r AttestRequest) (rec *compliance.VaultRecord, created bool, err error) {
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
		err := e.c.Compliance.Certify(ctx, r.EnvelopeID, a.EventID, r.Actor)
		if err != nil && !e.late(ctx, r.EnvelopeID, err) {
			return nil, created, fmt.Errorf("attest %s: %w", r.EnvelopeID, err)
		}
	}
	rec, err = e.c.Compliance.Record(ctx, r.OrgID, r.EnvelopeID)
	return rec, created, err
}

// attested makes the last evaluation out of date and notes the certificate that is
// due, in the attestation's transaction.
func (e *Engine) attested(r AttestRequest) func(context.Context, storage.Tx, *vault.Attested) error {
	return func(ctx context.Context, tx storage.Tx, a *vault.Attested) error {
		now := e.now()
		if err := e.c.ESign.With(tx).Attested(ctx, esign.Attesting{EnvelopeID: r.EnvelopeID, IfMatch: r.IfMatch}); err != nil {
			return err
		}
		if err := e.c.Compliance.Outdate(ctx, tx, r.EnvelopeID); err != nil {
			return err
		}
		due := compliance.Due{CauseID: a.EventID, CauseType: event.VaultAttested, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, CreatedAt: now}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, &compliance.VaultRecord{Original: a.Copy})
	}
}
