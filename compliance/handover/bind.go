package handover

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
)

// BindControlKey binds control to a key of the outside assignee, evaluates at once and issues a new
// certificate. A repeated call with the same key returns created false. Errors: those of
// vault.BindControlKey.
func (e *Engine) BindControlKey(ctx context.Context, r vault.BindRequest) (rec *compliance.VaultRecord, created bool, err error) {
	r.Also = e.bound(r)
	b, created, err := e.c.Vault.BindControlKey(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if created {
		if err := e.c.Compliance.Certify(ctx, r.EnvelopeID, b.EventID, r.Actor); err != nil && !e.late(ctx, r.EnvelopeID, err) {
			return nil, true, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
		}
	}
	if rec, err = e.c.Compliance.Record(ctx, r.OrgID, r.EnvelopeID); err != nil {
		return nil, created, fmt.Errorf("bind %s: %w", r.EnvelopeID, err)
	}
	return rec, created, nil
}

// bound makes the last evaluation out of date and notes the certificate that is due, in the
// transaction of the change.
func (e *Engine) bound(r vault.BindRequest) func(context.Context, storage.Tx, *vault.Bound) error {
	return func(ctx context.Context, tx storage.Tx, b *vault.Bound) error {
		c := b.Copy
		if err := e.c.Compliance.Outdate(ctx, tx, c.EnvelopeID); err != nil {
			return err
		}
		due := compliance.Due{CauseID: b.EventID, CauseType: event.CustodyAssigned, EnvelopeID: c.EnvelopeID, OrgID: c.OrgID, CreatedAt: e.now()}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, b)
	}
}
