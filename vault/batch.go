package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/offering"
)

// ItemError says which of several requests failed, and why.
type ItemError struct {
	Index int // of the request, from 0
	Err   error
}

func (e *ItemError) Error() string { return fmt.Sprintf("item %d: %v", e.Index, e.Err) }

// Unwrap returns why.
func (e *ItemError) Unwrap() error { return e.Err }

// TakeReceivingCode uses a receiving code for a batch of an organization, in the
// transaction tx that records the batch: package vault/pool. The event of its start must
// have the digest that is returned. *InvalidError for a code that is unknown, used or
// expired, or the organization's own.
func (v *Vault) TakeReceivingCode(ctx context.Context, tx storage.Tx, orgID, code, batchID string) (custody.ReceivingCode, storage.Digest, error) {
	s := v.c.Store.With(tx)
	to, err := v.receiver(ctx, s, code, v.now())
	if err != nil {
		return to, "", err
	}
	if (standing.Parties{Controller: orgID}).Of(to.OrgID).May(standing.Control) {
		return to, "", ownCode()
	}
	sum, err := offering.Receiver(to.OrgID, to.Party)
	if err != nil {
		return to, "", err
	}
	return to, sum, used(s.UseReceivingCode(ctx, to.SHA256, batchID))
}

// receiverOf returns to whom an offer is made.
func (v *Vault) receiverOf(ctx context.Context, s Store, r OfferRequest, now time.Time) (custody.ReceivingCode, error) {
	if r.Batch == "" {
		return v.receiver(ctx, s, r.ReceivingCode, now)
	}
	to, err := s.BatchReceiver(ctx, r.Batch)
	if errors.Is(err, storage.ErrNotFound) {
		return to, invalidCode()
	}
	if err != nil {
		return to, err
	}
	sum, err := offering.Receiver(to.OrgID, to.Party)
	if err != nil {
		return to, err
	}
	// The rows of batch and code may have been edited since: the chain says who was meant.
	events, err := s.EventsSince(ctx, r.OrgID, to.CreatedAt)
	if err != nil {
		return to, err
	}
	for _, e := range events {
		d := event.DataOf[event.BatchStartedData](e)
		if e.Type == event.CustodyBatchStarted && d.BatchID == r.Batch && d.ReceiverSHA256 == sum {
			return to, nil
		}
	}
	return to, ErrRecordAltered
}

// OfferAll is Offer for several copies in one transaction: all offers are made or none.
// The error is an *ItemError of the first that fails, or one that none of them caused.
func (v *Vault) OfferAll(ctx context.Context, rs []OfferRequest) ([]*custody.Offer, error) {
	lives, seen := make([]time.Duration, len(rs)), make([]*custody.Original, len(rs))
	for i := range rs {
		var err error
		if lives[i], err = rs[i].check(); err == nil {
			seen[i], err = v.assignable(ctx, rs[i].OrgID, rs[i].EnvelopeID)
		}
		if err != nil {
			return nil, &ItemError{i, v.denied(ctx, rs[i].Actor, "offer", rs[i].EnvelopeID, err)}
		}
	}
	out := make([]*custody.Offer, len(rs))
	err := v.update(ctx, func(ctx context.Context, s Store) (err error) {
		for i, r := range rs {
			if out[i], err = v.offer(ctx, s, r, seen[i], lives[i]); err != nil {
				return &ItemError{i, err}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// AcceptAll is AcceptOffer for several offers: every new version is sealed first, then
// control of all copies moves in one transaction, or of none. Offers that were accepted
// before are passed over. The error is an *ItemError of the first that fails, or one that
// none of them caused.
func (v *Vault) AcceptAll(ctx context.Context, rs []AcceptRequest) ([]*Assignment, error) {
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	var ready []*switching
	var index []int
	for i, r := range rs {
		o, err := v.offerOf(ctx, v.c.Store, standing.Answer, r.OrgID, r.AssignmentID)
		if err == nil {
			switch o.StatusAt(v.now()) {
			case custody.OfferAccepted:
				continue
			case custody.OfferOpen:
			default:
				err = ErrOfferEnded
			}
		}
		var w *switching
		if err == nil {
			w, err = v.prepareSwitch(ctx, r, o)
		}
		if err != nil {
			return nil, &ItemError{i, err}
		}
		ready, index = append(ready, w), append(index, i)
	}
	out := make([]*Assignment, len(ready))
	err := v.update(ctx, func(ctx context.Context, s Store) (err error) {
		for i, w := range ready {
			if out[i], err = v.switchTo(ctx, s, w); err != nil {
				return &ItemError{index[i], err}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
