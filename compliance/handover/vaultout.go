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

// VaultOutRequest asks to hand an original over.
type VaultOutRequest struct {
	OrgID, EnvelopeID string
	Reason, Note      string
	Recipient         custody.Recipient
	Consent           string // by the control key; see vault.ReleaseRequest
	IfMatch           string // the envelope's ETag; "" is any
	Approval          string // id of a second key's approval, where the organization requires one

	Actor         event.Actor
	RequestID     string
	RequestSHA256 storage.Digest

	// Also runs in the release's transaction. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, r *vault.Release) error
}

// VaultOut releases an original and builds its package, with the certificate of the
// release. A repeated call with the same reason and recipient returns the same
// release. Where log, certificate or package are late, the release's Delivery is
// vault.DeliveryPreparing and HandoverDue finishes it. Errors: those of
// vault.Release, esign.ErrPrecondition.
func (e *Engine) VaultOut(ctx context.Context, r VaultOutRequest) (*vault.Release, error) {
	if err := e.matches(ctx, r); err != nil {
		return nil, err
	}
	rel, _, err := e.c.Vault.Release(ctx, vault.ReleaseRequest{
		OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Reason: r.Reason, Note: r.Note, Recipient: r.Recipient, Consent: r.Consent, Approval: r.Approval,
		Actor: r.Actor, RequestID: r.RequestID, RequestSHA256: r.RequestSHA256, Also: e.released(r),
	})
	if err != nil {
		return nil, err
	}
	packed, err := e.pack(ctx, *rel, r.Actor)
	if err == nil {
		rel = packed
	} else if !e.late(ctx, r.EnvelopeID, err) {
		return nil, fmt.Errorf("vault out %s: %w", r.EnvelopeID, err)
	}
	return rel, nil
}

// matches compares IfMatch with the envelope before a release version is made; the
// transaction of the release compares it again. A repeated release needs no match.
func (e *Engine) matches(ctx context.Context, r VaultOutRequest) error {
	if r.IfMatch == "" {
		return nil
	}
	status, err := e.c.ESign.Status(ctx, r.OrgID, r.EnvelopeID)
	if err != nil {
		return err
	}
	if status.ReleasedAt == nil && status.ETag() != r.IfMatch {
		return esign.ErrPrecondition
	}
	return nil
}

// released tells the e-sign engine of the release and notes the certificate that is
// due, in the release's transaction.
func (e *Engine) released(asked VaultOutRequest) func(context.Context, storage.Tx, *vault.Release) error {
	return func(ctx context.Context, tx storage.Tx, r *vault.Release) error {
		err := e.c.ESign.With(tx).Released(ctx, esign.Releasing{EnvelopeID: r.EnvelopeID, At: r.ReleasedAt, IfMatch: asked.IfMatch})
		if err != nil {
			return err
		}
		due := compliance.Due{CauseID: r.EventID, CauseType: event.VaultReleased, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, CreatedAt: r.ReleasedAt}
		if err := e.note(ctx, tx, due); err != nil || asked.Also == nil {
			return err
		}
		return asked.Also(ctx, tx, r)
	}
}

// pack certifies a release and builds its package.
func (e *Engine) pack(ctx context.Context, r vault.Release, actor event.Actor) (*vault.Release, error) {
	if r.Package != nil {
		return &r, nil
	}
	if err := e.c.Compliance.Certify(ctx, r.EnvelopeID, r.EventID, actor); err != nil {
		return nil, err
	}
	return e.c.Vault.BuildPackage(ctx, r.OrgID, r.EnvelopeID, e.c.Compliance.PackageFiles)
}
