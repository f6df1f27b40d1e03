package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
)

// StartRequest asks to offer the contracts of a pool.
type StartRequest struct {
	OrgID, PoolID string
	ReceivingCode string              // of the receiver; it is used by the batch
	Mode          Mode                // required
	Purpose       custody.Purpose     // default custody.PurposeSale
	Obligation    *custody.Obligation // custody.PurposePledge only
	Reason        string              // of a sale by a pledgee
	Note          string
	ExpiresIn     time.Duration // default 14 days, at most 90

	Actor         event.Actor
	RequestID     string // recorded with the consent to each offer
	RequestSHA256 storage.Digest

	Also func(ctx context.Context, tx storage.Tx, b *Batch) error // runs in the transaction
}

// Start begins a batch: what is in the pool now is offered in the background, by Due.
// The start is an event in the chain of the organization. *storage.InvalidError, also
// for a code that is unknown, used or expired, ErrNotFound, ErrEmpty,
// approval.ErrRequired of an organization that requires two keys, which must offer each
// contract by itself, storage.ErrUnavailable.
func (e *Engine) Start(ctx context.Context, r StartRequest) (*Batch, error) {
	if r.Purpose == "" {
		r.Purpose = custody.PurposeSale
	}
	if r.ExpiresIn == 0 {
		r.ExpiresIn = defaultLife
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	var b *Batch
	err := e.update(ctx, func(ctx context.Context, s Store) error {
		p, err := owned(ctx, s, r.OrgID, r.PoolID)
		if err != nil {
			return err
		}
		if p.Count == 0 {
			return ErrEmpty
		}
		two, err := s.TwoKeys(ctx, r.OrgID)
		if err != nil {
			return err
		}
		if two {
			return approval.ErrRequired
		}
		now := e.c.Now()
		b = &Batch{
			ID: e.c.NewID("bat"), PoolID: p.ID, OrgID: r.OrgID, Mode: r.Mode, Purpose: r.Purpose, Obligation: r.Obligation,
			Reason: r.Reason, Note: r.Note, Status: Running, Step: stepOffer, StepBy: r.Actor, Total: p.Count,
			Consent:   custody.ConsentBy(r.Actor, r.RequestID, r.RequestSHA256),
			CreatedAt: now, UpdatedAt: now, ExpiresAt: environ.Micro(now.Add(r.ExpiresIn)),
		}
		to, receiver, err := e.c.Vault.TakeReceivingCode(ctx, s.Tx(), r.OrgID, r.ReceivingCode, b.ID)
		if err != nil {
			return err
		}
		b.ToOrgID, b.Assignee = to.OrgID, to.Party
		n, err := s.AddBatch(ctx, b)
		if err != nil {
			return err
		}
		if n != p.Count { // the pool was changed meanwhile
			return storage.ErrConflict
		}
		if err := s.UpdatePool(ctx, p); err != nil { // so that a change at the same time conflicts
			return err
		}
		_, err = e.chain.Append(ctx, s, eventlog.Draft{
			EnvelopeID: b.OrgID, Type: event.CustodyBatchStarted, Actor: r.Actor, Data: event.BatchStartedData{
				BatchID: b.ID, Items: b.Total, Mode: string(b.Mode), PoolID: b.PoolID, Purpose: string(b.Purpose), ReceiverSHA256: receiver,
			},
		})
		if err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, s.Tx(), b)
	})
	if err != nil {
		return nil, fmt.Errorf("offer pool %s: %w", r.PoolID, err)
	}
	return b, nil
}

func (r *StartRequest) check() error {
	var p validate.Problems
	if r.Mode != Atomic && r.Mode != BestEffort {
		p.Add("mode", "oneof", "must be one of %s, %s", Atomic, BestEffort)
	}
	if r.ExpiresIn < time.Minute || r.ExpiresIn > maxLife {
		p.Add("expires_in_days", "max", "must be 1 to 90 days")
	}
	if err := p.Err(); err != nil {
		return err
	}
	return vault.OfferRequest{
		ReceivingCode: r.ReceivingCode, Purpose: r.Purpose, Obligation: r.Obligation, Reason: r.Reason, Note: r.Note, ExpiresIn: r.ExpiresIn,
	}.Check()
}

// Batch returns a batch to the organization that started it or that it is for, with its
// counts; its Status is as of now. ErrBatchNotFound.
func (e *Engine) Batch(ctx context.Context, orgID, id string) (*Batch, error) {
	b, err := e.batch(ctx, e.c.Store, standing.SeeOffer, orgID, id)
	if err != nil {
		return nil, err
	}
	return e.counted(ctx, b)
}

// counted is a batch with its counts, as of now.
func (e *Engine) counted(ctx context.Context, b *Batch) (*Batch, error) {
	counts, err := e.c.Store.CountItems(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	b.count(counts)
	b.Status = b.StatusAt(e.c.Now())
	return b, nil
}

func (b *Batch) count(counts map[ItemStatus]int) {
	b.Failed = counts[ItemFailed]
	if b.Done = counts[ItemAccepted] + counts[ItemRejected] + counts[ItemCancelled]; b.Done == 0 && b.Step != stepAccept {
		b.Done = counts[ItemOffered]
	}
}

func (e *Engine) batch(ctx context.Context, s Store, act standing.Act, orgID, id string) (*Batch, error) {
	b, err := s.Batch(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !b.Parties().Of(orgID).May(act) {
		return nil, ErrBatchNotFound
	}
	return b, err
}

// Items returns at most limit items of a batch after a number, in order; "" is every
// status. For the organization that started it and, what was offered, for the one that it
// is for. ErrBatchNotFound.
func (e *Engine) Items(ctx context.Context, orgID, id string, status ItemStatus, after, limit int) ([]Item, error) {
	b, err := e.batch(ctx, e.c.Store, standing.SeeOffer, orgID, id)
	if err != nil {
		return nil, err
	}
	return e.c.Store.Items(ctx, ItemQuery{
		BatchID: id, Status: status, Offered: !b.Parties().Of(orgID).May(standing.Control), After: after, Limit: limit,
	})
}

// AnswerRequest is what one of the two organizations asks of a batch.
type AnswerRequest struct {
	OrgID, BatchID string
	Custodian      custody.CustodianKind // Accept only; default: operator if one is configured

	Actor         event.Actor
	RequestID     string // recorded with each acceptance
	RequestSHA256 storage.Digest

	Also func(ctx context.Context, tx storage.Tx, b *Batch) error // runs in the transaction
}

// Accept takes control of every contract that was offered, in the background. ErrState
// unless the batch is Offered, ErrBatchNotFound, *storage.InvalidError, storage.ErrUnavailable.
func (e *Engine) Accept(ctx context.Context, r AnswerRequest) (*Batch, error) {
	if k := r.Custodian; k != "" && k != custody.CustodianSelf && k != custody.CustodianOperator {
		return nil, validate.Fail("custodian", "oneof", "must be self or operator")
	}
	return e.step(ctx, r, standing.Answer, stepAccept, Offered)
}

// Reject ends every offer, in the background. ErrState unless the batch is Offered,
// ErrBatchNotFound, storage.ErrUnavailable.
func (e *Engine) Reject(ctx context.Context, r AnswerRequest) (*Batch, error) {
	return e.step(ctx, r, standing.Answer, stepReject, Offered)
}

// Cancel withdraws what was not accepted, in the background, for the organization that
// started the batch. ErrState for a batch that has ended, or that is being answered,
// ErrBatchNotFound, storage.ErrUnavailable.
func (e *Engine) Cancel(ctx context.Context, r AnswerRequest) (*Batch, error) {
	return e.step(ctx, r, standing.Control, stepCancel, Offered, PartlyAccepted, Failed, Running)
}

// step begins a step of a batch that has one of the statuses.
func (e *Engine) step(ctx context.Context, r AnswerRequest, act standing.Act, next Step, from ...Status) (*Batch, error) {
	return e.answer(ctx, r, act, func(ctx context.Context, s Store, b *Batch) error {
		is := b.StatusAt(e.c.Now())
		if !slices.Contains(from, is) || is == Running && b.Step != stepOffer {
			return ErrState
		}
		b.Status, b.Step, b.StepBy = Running, next, r.Actor
		if next == stepAccept {
			consent := custody.ConsentBy(r.Actor, r.RequestID, r.RequestSHA256)
			b.Answer, b.Custodian = &consent, r.Custodian
		}
		return nil
	})
}

// Retry tries again what failed: for the organization that started the batch the offers,
// for the other one the acceptances, if it has accepted. ErrState where nothing failed
// that this organization can retry, the batch is running, or its offers have expired;
// ErrBatchNotFound,
// storage.ErrUnavailable.
func (e *Engine) Retry(ctx context.Context, r AnswerRequest) (*Batch, error) {
	return e.answer(ctx, r, standing.SeeOffer, func(ctx context.Context, s Store, b *Batch) error {
		offeror := b.Parties().Of(r.OrgID).May(standing.Control)
		if b.Step != "" || !offeror && b.Answer == nil || !e.c.Now().Before(b.ExpiresAt) {
			return ErrState
		}
		step, to := stepOffer, ItemPending
		if !offeror {
			step, to = stepAccept, ItemOffered
		}
		n, err := s.ResetItems(ctx, b.ID, !offeror, to)
		if err != nil {
			return err
		}
		left, err := s.Items(ctx, ItemQuery{BatchID: b.ID, Status: to, Limit: 1}) // of an atomic batch whose others were left as they were
		if err != nil {
			return err
		}
		if n == 0 && len(left) == 0 || b.Status == Cancelled || b.Status == Rejected {
			return ErrState
		}
		b.Status, b.Step, b.StepBy = Running, step, r.Actor
		return nil
	})
}

// answer changes a batch in one transaction.
func (e *Engine) answer(ctx context.Context, r AnswerRequest, act standing.Act, change func(context.Context, Store, *Batch) error) (*Batch, error) {
	var b *Batch
	err := e.update(ctx, func(ctx context.Context, s Store) (err error) {
		if b, err = e.batch(ctx, s, act, r.OrgID, r.BatchID); err != nil {
			return err
		}
		if err := change(ctx, s, b); err != nil {
			return err
		}
		b.UpdatedAt = e.c.Now()
		if err := s.UpdateBatch(ctx, b); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, s.Tx(), b)
	})
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", r.BatchID, err)
	}
	return e.counted(ctx, b)
}
