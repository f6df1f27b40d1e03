package handover

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// Offer offers control of a copy to who made the receiving code: vault.Offer. Nothing
// about the copy changes until it is accepted.
func (e *Engine) Offer(ctx context.Context, r vault.OfferRequest) (*custody.Offer, error) {
	return e.c.Vault.Offer(ctx, r)
}

// Accept takes control over, evaluates at once and issues a new certificate. The
// envelope's record gets the digest of the new version in the transaction of the
// switch. A repeated call returns the assignment and created false. Errors: those of
// vault.AcceptOffer.
func (e *Engine) Accept(ctx context.Context, r vault.AcceptRequest) (a *vault.Assignment, created bool, err error) {
	r.Also = e.accepted(r)
	if a, created, err = e.c.Vault.AcceptOffer(ctx, r); err != nil {
		return nil, false, err
	}
	if err := e.c.Compliance.Certify(ctx, a.Offer.EnvelopeID, a.EventID, r.Actor); err != nil && !e.late(ctx, a.Offer.EnvelopeID, err) {
		return nil, created, fmt.Errorf("accept %s: %w", r.AssignmentID, err)
	}
	return a, created, nil
}

// AcceptAll is Accept for several offers, of which all are accepted or none:
// vault.AcceptAll. Certificates that are late follow by HandoverDue.
func (e *Engine) AcceptAll(ctx context.Context, rs []vault.AcceptRequest) ([]*vault.Assignment, error) {
	by := map[string]event.Actor{}
	for i, r := range rs {
		rs[i].Also, by[r.AssignmentID] = e.accepted(r), r.Actor
	}
	done, err := e.c.Vault.AcceptAll(ctx, rs)
	if err != nil {
		return nil, err
	}
	for _, a := range done {
		if err := e.c.Compliance.Certify(ctx, a.Offer.EnvelopeID, a.EventID, by[a.Offer.ID]); err != nil && !e.late(ctx, a.Offer.EnvelopeID, err) {
			return nil, fmt.Errorf("accept %s: %w", a.Offer.ID, err)
		}
	}
	return done, nil
}

// accepted tells the e-sign engine of the new version, makes the last evaluation out of
// date and notes the certificate that is due, in the transaction of the switch.
func (e *Engine) accepted(r vault.AcceptRequest) func(context.Context, storage.Tx, *vault.Assignment) error {
	return func(ctx context.Context, tx storage.Tx, a *vault.Assignment) error {
		c := a.Original
		if err := e.c.ESign.With(tx).DocumentHash(ctx, c.EnvelopeID, c.DocumentHash); err != nil {
			return err
		}
		if err := e.c.Compliance.Outdate(ctx, tx, c.EnvelopeID); err != nil {
			return err
		}
		due := compliance.Due{CauseID: a.EventID, CauseType: event.CustodyAccepted, EnvelopeID: c.EnvelopeID, OrgID: c.OrgID, CreatedAt: e.now()}
		if err := e.note(ctx, tx, due); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, tx, a)
	}
}
