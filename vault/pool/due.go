package pool

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/evaultlib/evault/esign/pades"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/translog"
)

// Idle reports whether Due has nothing to do now. It reads one row and writes nothing.
func (e *Engine) Idle(ctx context.Context) (bool, error) {
	ids, err := e.c.Store.BatchesDue(ctx, 1)
	return err == nil && len(ids) == 0, err
}

// Due goes on with batches: at most limit items, or one atomic batch. It returns how many
// items ended a step. A batch that cannot go on now, because a service is away, is logged
// and does not delay others.
func (e *Engine) Due(ctx context.Context, limit int) (done int, err error) {
	ids, err := e.c.Store.BatchesDue(ctx, limit)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if done >= limit {
			break
		}
		n, err := e.advance(ctx, id, limit-done)
		done += n
		switch {
		case ctx.Err() != nil:
			return done, ctx.Err()
		case err != nil:
			e.log.ErrorContext(ctx, "pool: a batch cannot go on", "batch_id", id, "error", err)
			e.behind(ctx, id)
		}
	}
	return done, nil
}

// behind puts a batch that cannot go on behind the others that wait.
func (e *Engine) behind(ctx context.Context, id string) {
	err := e.update(ctx, func(ctx context.Context, s Store) error {
		b, err := s.Batch(ctx, id)
		if err != nil || b.Step == "" {
			return err
		}
		b.UpdatedAt = e.c.Now()
		return s.UpdateBatch(ctx, b)
	})
	if err != nil {
		e.log.ErrorContext(ctx, "pool: a batch cannot be put behind others", "batch_id", id, "error", err)
	}
}

// advance goes on with one batch.
func (e *Engine) advance(ctx context.Context, id string, limit int) (done int, err error) {
	b, err := e.c.Store.Batch(ctx, id)
	if err != nil || b.Step == "" {
		return 0, err
	}
	w := work{e, b}
	from := ItemOffered
	if b.Step == stepOffer || b.Step == stepCancel {
		from = ItemPending // which a batch that is cancelled while it is offered has, too
	}
	all := w.steps()
	if b.Mode == Atomic && all != nil {
		items, err := e.c.Store.Items(ctx, ItemQuery{BatchID: b.ID, Status: from, Limit: MaxContracts})
		if err == nil && len(items) > 0 {
			err = w.together(ctx, items, all)
		}
		if err != nil {
			return 0, err
		}
		return len(items), w.finish(ctx)
	}
	for _, status := range statuses(b.Step) {
		items, err := e.c.Store.Items(ctx, ItemQuery{BatchID: b.ID, Status: status, Limit: limit - done})
		if err != nil {
			return done, err
		}
		for _, i := range items {
			if err := w.item(ctx, i); err != nil {
				return done, err
			}
			done++
		}
		if done >= limit {
			return done, nil
		}
	}
	return done, w.finish(ctx)
}

// statuses are those of the items that a step is about.
func statuses(s Step) []ItemStatus {
	switch s {
	case stepOffer:
		return []ItemStatus{ItemPending}
	case stepCancel:
		return []ItemStatus{ItemPending, ItemOffered}
	case stepAccept, stepReject:
	}
	return []ItemStatus{ItemOffered}
}

// work is a step of a batch.
type work struct {
	*Engine
	b *Batch
}

// item takes the step of one item, and writes its result.
func (w work) item(ctx context.Context, i Item) error {
	var err error
	switch w.b.Step {
	case stepOffer:
		_, err = w.c.Handover.Offer(ctx, w.offer(i))
	case stepAccept:
		_, _, err = w.c.Handover.Accept(ctx, w.acceptance(i))
	case stepReject:
		_, err = w.c.Vault.RejectOffer(ctx, w.end(i, w.b.ToOrgID))
	case stepCancel:
		if i.Status == ItemPending { // nothing was offered yet
			return unlessTaken(w.c.Store.UpdateItem(ctx, Item{BatchID: i.BatchID, N: i.N, EnvelopeID: i.EnvelopeID, Status: ItemCancelled}, i.Status))
		}
		_, err = w.c.Vault.CancelOffer(ctx, w.end(i, w.b.OrgID))
	}
	if err == nil || errors.Is(err, storage.ErrUsed) { // another replica took the step
		return nil
	}
	return w.failed(ctx, i, err)
}

// failed writes that an item's step failed; an error that is not the item's own is
// returned.
func (w work) failed(ctx context.Context, i Item, why error) error {
	if passing(ctx, why) {
		return why
	}
	f := i
	f.Status = ItemFailed
	if f.Code, f.Detail = reason(why); f.Code == internal {
		w.log.ErrorContext(ctx, "pool: an item failed", "batch_id", i.BatchID, "envelope_id", i.EnvelopeID, "error", why)
	}
	return unlessTaken(w.c.Store.UpdateItem(ctx, f, i.Status))
}

func unlessTaken(err error) error {
	if errors.Is(err, storage.ErrUsed) {
		return nil
	}
	return err
}

// together takes the step of all items in one transaction, or of none: then the first
// that cannot take it has failed.
func (w work) together(ctx context.Context, items []Item, all func(context.Context, []Item) error) error {
	err := all(ctx, items)
	if err == nil || errors.Is(err, storage.ErrUsed) {
		return nil
	}
	var of *vault.ItemError
	if !errors.As(err, &of) {
		return err
	}
	return w.failed(ctx, items[of.Index], of.Err)
}

// steps is the verb that takes a step of all items; nil where each is taken by itself.
func (w work) steps() func(context.Context, []Item) error {
	switch w.b.Step {
	case stepOffer:
		return func(ctx context.Context, items []Item) error {
			rs := make([]vault.OfferRequest, len(items))
			for i, item := range items {
				rs[i] = w.offer(item)
			}
			_, err := w.c.Vault.OfferAll(ctx, rs)
			return err
		}
	case stepAccept:
		return func(ctx context.Context, items []Item) error {
			rs := make([]vault.AcceptRequest, len(items))
			for i, item := range items {
				rs[i] = w.acceptance(item)
			}
			_, err := w.c.Handover.AcceptAll(ctx, rs)
			return err
		}
	case stepReject, stepCancel:
	}
	return nil
}

// offer is the request for an item; its row commits with the offer.
func (w work) offer(i Item) vault.OfferRequest {
	b := w.b
	return vault.OfferRequest{
		OrgID: b.OrgID, EnvelopeID: i.EnvelopeID, Batch: b.ID, Purpose: b.Purpose, Obligation: b.Obligation, Reason: b.Reason, Note: b.Note,
		ExpiresIn: max(b.ExpiresAt.Sub(w.c.Now()), time.Minute),
		Actor:     b.Consent.Actor, RequestID: b.Consent.RequestID, RequestSHA256: b.Consent.RequestSHA256,
		Also: func(ctx context.Context, tx storage.Tx, o *custody.Offer) error {
			return w.c.Store.With(tx).UpdateItem(ctx, Item{BatchID: i.BatchID, N: i.N, AssignmentID: o.ID, Status: ItemOffered}, ItemPending)
		},
	}
}

func (w work) acceptance(i Item) vault.AcceptRequest {
	b := w.b
	return vault.AcceptRequest{
		OrgID: b.ToOrgID, AssignmentID: i.AssignmentID, Custodian: b.Custodian,
		Actor: b.Answer.Actor, RequestID: b.Answer.RequestID, RequestSHA256: b.Answer.RequestSHA256,
		Also: func(ctx context.Context, tx storage.Tx, _ *vault.Assignment) error {
			return w.c.Store.With(tx).UpdateItem(ctx, Item{BatchID: i.BatchID, N: i.N, AssignmentID: i.AssignmentID, Status: ItemAccepted}, ItemOffered)
		},
	}
}

func (w work) end(i Item, orgID string) vault.EndOfferRequest {
	to := ItemCancelled
	if w.b.Step == stepReject {
		to = ItemRejected
	}
	return vault.EndOfferRequest{
		OrgID: orgID, AssignmentID: i.AssignmentID, Actor: w.b.StepBy, Also: func(ctx context.Context, tx storage.Tx, _ *custody.Offer) error {
			return w.c.Store.With(tx).UpdateItem(ctx, Item{BatchID: i.BatchID, N: i.N, AssignmentID: i.AssignmentID, Status: to}, ItemOffered)
		},
	}
}

// finish ends the step when no item waits for it.
func (w work) finish(ctx context.Context) error {
	return w.update(ctx, func(ctx context.Context, s Store) error {
		b, err := s.Batch(ctx, w.b.ID)
		if err != nil || b.Step != w.b.Step {
			return err // somebody began another step
		}
		counts, err := s.CountItems(ctx, b.ID)
		if err != nil {
			return err
		}
		if b.Mode == BestEffort || b.Step == stepCancel || b.Step == stepReject {
			for _, status := range statuses(b.Step) {
				if counts[status] > 0 {
					return nil
				}
			}
		}
		b.Status, b.Step, b.UpdatedAt = outcome(b, counts), "", w.c.Now()
		if err := s.UpdateBatch(ctx, b); err != nil || b.Status == Offered {
			return err
		}
		b.count(counts)
		_, err = w.chain.Append(ctx, s, eventlog.Draft{
			EnvelopeID: b.OrgID, Type: event.CustodyBatchEnded, Actor: event.Actor{Kind: "system", ID: "pool"},
			Data: event.BatchEndedData{BatchID: b.ID, Done: b.Done, Failed: b.Failed, Status: string(b.Status)},
		})
		return err
	})
}

// outcome is the status of a batch whose step has ended.
func outcome(b *Batch, counts map[ItemStatus]int) Status {
	switch {
	case b.Step == stepCancel && counts[ItemAccepted] == 0:
		return Cancelled
	case b.Step == stepReject:
		return Rejected
	case b.Step == stepOffer && counts[ItemOffered] > 0 && (b.Mode == BestEffort || counts[ItemPending]+counts[ItemFailed] == 0):
		return Offered
	case counts[ItemAccepted] == b.Total:
		return Accepted
	case counts[ItemAccepted] > 0:
		return PartlyAccepted
	}
	return Failed
}

// passing reports whether an error says nothing of the item.
func passing(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrConflict) ||
		errors.Is(err, translog.ErrRewound) || errors.Is(err, pades.ErrTimestampUnavailable)
}

// codes are the machine words of why an item failed.
var codes = []struct {
	err  error
	code string
}{
	{vault.ErrNotVaulted, "not_vaulted"},
	{vault.ErrNotController, "not_controller"},
	{custody.ErrConsent, "not_controller"},
	{vault.ErrReleased, "released"},
	{vault.ErrOfferOpen, "offer_open"},
	{vault.ErrOfferEnded, "offer_ended"},
	{vault.ErrOfferNotFound, "offer_ended"},
	{vault.ErrQuarantined, "quarantined"},
	{vault.ErrAssigneeDiffers, "assignee_differs"},
	{vault.ErrRecordAltered, "record_altered"},
	{vault.ErrIntegrity, "integrity_mismatch"},
	{vault.ErrSuperseded, "superseded"},
}

const internal = "internal"

// reason is why an item failed: a machine word and a sentence, with nothing internal.
func reason(err error) (code, detail string) {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code, strings.TrimPrefix(c.err.Error(), "vault: ")
		}
	}
	var invalid *storage.InvalidError
	if errors.As(err, &invalid) && len(invalid.Fields) > 0 {
		f := invalid.Fields[0]
		return "invalid", f.Field + " " + f.Message
	}
	return internal, "an internal error occurred"
}
