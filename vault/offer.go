package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/offering"
)

// OfferRequest asks to offer control of a copy to the organization that made a receiving code.
type OfferRequest struct {
	OrgID, EnvelopeID string              // who has control, and of what
	ReceivingCode     string              // or Batch
	Batch             string              // id of a batch of the same organization, whose receiver it is: package vault/pool
	Purpose           custody.Purpose     // default PurposeSale
	Obligation        *custody.Obligation // PurposePledge only
	Reason            string              `validate:"max=2000,text"` // of a sale by a pledgee
	Note              string              `validate:"max=2000,text"`
	ExpiresIn         time.Duration       // default 14 days, at most 90
	Approval          string              // id of a second key's approval, where the organization requires one
	Consent           string              // JWS by the control key of the controller, where it has one; format in package custody

	Actor         Actor
	RequestID     string // recorded with the consent
	RequestSHA256 storage.Digest

	// Also runs in the offer's transaction.
	Also func(ctx context.Context, tx storage.Tx, o *custody.Offer) error
}

// Offer offers control of a copy to the organization that made the receiving code. The offer is the
// controller's consent: it fixes copy, version, digest, assignee, interest and expiry, and locks
// the copy. Until it is accepted, the offeror has control; no other offer and no release is
// possible.
//
// A pledge makes the receiver a pledgee. A pledgee may release back to its pledgor,
// pledge again, or sell, which needs a reason. Errors: ErrNotVaulted,
// ErrNotController, custody.ErrConsent, both of which are recorded, ErrReleased, ErrQuarantined, ErrOfferOpen, ErrAssigneeDiffers,
// ErrRecordAltered, *InvalidError, also for a code that is unknown, used or expired,
// approval.ErrRequired and the other errors of approval.Spend,
// translog.ErrRewound, storage.ErrUnavailable.
func (v *Vault) Offer(ctx context.Context, r OfferRequest) (*custody.Offer, error) {
	life, err := r.check()
	if err != nil {
		return nil, err
	}
	c, err := v.assignable(ctx, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, v.denied(ctx, r.Actor, "offer", r.EnvelopeID, err)
	}
	var o *custody.Offer
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		o, err = v.offer(ctx, s, r, c, life)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("offer %s: %w", r.EnvelopeID, v.denied(ctx, r.Actor, "offer", r.EnvelopeID, err))
	}
	return o, nil
}

// Check reports whether the request makes sense by itself: an *InvalidError where it
// does not.
func (r OfferRequest) Check() error {
	_, err := r.check()
	return err
}

// check judges the request by itself, and sets its default.
func (r *OfferRequest) check() (life time.Duration, err error) {
	var p validate.Problems
	p.Struct(*r)
	if r.Purpose == "" {
		r.Purpose = custody.PurposeSale
	}
	oneOf(&p, "purpose", r.Purpose, custody.PurposeSale, custody.PurposePledge, custody.PurposeReleaseBack)
	r.terms().Check(&p)
	life = lifetime(&p, r.ExpiresIn)
	if r.Batch == "" && !offering.IsCode(r.ReceivingCode) {
		p.Add("to.receiving_code", "receiving_code", "must be a receiving code, rcv_ and 32 characters")
	}
	return life, p.Err()
}

func (r *OfferRequest) terms() offering.Terms {
	return offering.Terms{Purpose: r.Purpose, Obligation: r.Obligation, Reason: r.Reason}
}

// approved is what a second key approved, where one must.
func (r *OfferRequest) approved() approval.Use {
	return approval.Use{
		ID: r.Approval, OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Verb: approval.Assign, Actor: r.Actor, RequestSHA256: r.RequestSHA256,
	}
}

// assignable returns a proven copy that its controller may offer.
func (v *Vault) assignable(ctx context.Context, orgID, envelopeID string) (*custody.Original, error) {
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, fmt.Errorf("offer %s: %w", envelopeID, err)
	}
	c, err := v.live(ctx, v.c.Store, standing.Control, orgID, envelopeID)
	if err == nil {
		c, err = v.authoritative(ctx, c)
	}
	if err == nil && c.Status == custody.StatusReleased {
		err = ErrReleased
	}
	return c, err
}

// offer is Offer's transaction.
func (v *Vault) offer(ctx context.Context, s Store, r OfferRequest, seen *custody.Original, life time.Duration) (*custody.Offer, error) {
	c, err := v.live(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
	switch {
	case err != nil:
		return nil, err
	case c.Version != seen.Version:
		return nil, storage.ErrConflict
	case c.QuarantinedAt != nil:
		return nil, ErrQuarantined
	}
	if c, err = v.unlocked(ctx, s, c); err != nil {
		return nil, err
	}
	now := v.now()
	to, err := v.receiverOf(ctx, s, r, now)
	if err != nil {
		return nil, err
	}
	if c.Controller.BoundBy == custody.BoundByNone && !c.SecuredParty.Named(custody.Recipient{Name: to.Party.Name}) {
		return nil, ErrAssigneeDiffers
	}
	if c.Parties().Of(to.OrgID).May(standing.Control) {
		return nil, ownCode()
	}
	if r.Batch == "" { // a batch is approved as one
		if err := approval.Spend(ctx, s, r.approved(), now); err != nil {
			return nil, err
		}
	}
	chain, err := s.Custody(ctx, c.CopyID)
	if err != nil {
		return nil, err
	}
	if n := len(chain); n == 0 || chain[n-1].To == nil || *chain[n-1].To != c.Held() { // it changed between the two reads
		return nil, storage.ErrConflict
	}
	o := &custody.Offer{
		ID: v.c.NewID("asg"), EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, FromOrgID: c.OrgID, OrgID: to.OrgID, Status: custody.OfferOpen,
		Purpose: r.Purpose, Reason: r.Reason, Note: r.Note, Version: c.Version, SHA256: c.DocumentHash, Assignee: to.Party,
		ExpiresAt: environ.Micro(now.Add(life)),
	}
	if o.Interest, err = r.terms().Interest(chain, to.Party); err != nil {
		return nil, err
	}
	if err := v.consent(ctx, s, c, o, r, now); err != nil {
		return nil, err
	}
	events, err := v.chain.Append(ctx, s, eventlog.Draft{
		EnvelopeID: c.EnvelopeID, Type: event.CustodyOffered, Actor: r.Actor, Data: o.Data(), Detail: o.Detail(),
	})
	if err != nil {
		return nil, err
	}
	o.EventID, o.OfferedAt, c.OfferID = events[0].ID, events[0].RecordedAt, o.ID
	return o, inOrder(
		func() error {
			if r.Batch != "" {
				return nil // which used it
			}
			return used(s.UseReceivingCode(ctx, to.SHA256, o.ID))
		},
		func() error { return s.AddOffer(ctx, o) },
		func() error { return s.UpdateOriginal(ctx, c) },
		func() error { return also(ctx, s, r.Also, o) })
}

// consent gives an offer the consent of the controller, in a transaction. The offer does not outlast a
// consent that a control key signed, whose nonce no offer of the copy has used.
func (v *Vault) consent(ctx context.Context, s Store, c *custody.Original, o *custody.Offer, r OfferRequest, now time.Time) error {
	before, err := s.OffersOf(ctx, c.CopyID)
	if err != nil {
		return err
	}
	var used []custody.Consent
	for i := range before {
		used = append(used, before[i].Consent)
	}
	o.Consent, err = c.Controller.Consent(custody.ConsentBy(r.Actor, r.RequestID, r.RequestSHA256), r.Consent, o.ConsentTerms(), now, used...)
	if until := o.Consent.Until(c.Controller.ControlKey); !until.IsZero() && until.Before(o.ExpiresAt) {
		o.ExpiresAt = environ.Micro(until)
	}
	return err
}

// unlocked is the copy without an open offer: ErrOfferOpen, unless the offer is past
// its expiry, which is recorded then.
func (v *Vault) unlocked(ctx context.Context, s Store, c *custody.Original) (*custody.Original, error) {
	if c.OfferID == "" {
		return c, nil
	}
	o, err := s.Offer(ctx, c.OfferID)
	switch {
	case err != nil:
		return nil, err
	case o.StatusAt(v.now()) == custody.OfferOpen:
		return nil, ErrOfferOpen
	}
	return c, v.endOffer(ctx, s, c, o, custody.OfferExpired, system, nil)
}

// offered returns ErrOfferOpen, before any work is done, if an offer is open.
func (v *Vault) offered(ctx context.Context, c *custody.Original) error {
	if c.OfferID == "" {
		return nil
	}
	o, err := v.c.Store.Offer(ctx, c.OfferID)
	if err == nil && o.StatusAt(v.now()) == custody.OfferOpen {
		err = ErrOfferOpen
	}
	return err
}

// endOffer ends an open offer without a switch, in a transaction. Of several ends one
// wins: they all change the copy.
func (v *Vault) endOffer(ctx context.Context, s Store, c *custody.Original, o *custody.Offer, status custody.OfferStatus, by Actor, detail any) error {
	events, err := v.chain.Append(ctx, s, eventlog.Draft{
		EnvelopeID: o.EnvelopeID, Type: status.Event(), Actor: by, Detail: detail,
		Data: event.CustodyEndedData{AssignmentID: o.ID, CopyID: o.CopyID, Version: o.Version},
	})
	if err != nil {
		return err
	}
	o.Status, o.EndedAt, o.EndedEventID, c.OfferID = status, &events[0].RecordedAt, events[0].ID, ""
	return inOrder(func() error { return s.UpdateOriginal(ctx, c) }, func() error { return s.UpdateOffer(ctx, o) })
}

// EndOfferRequest asks to reject or cancel an offer.
type EndOfferRequest struct {
	OrgID, AssignmentID string
	Reason              string `validate:"max=2000,text"` // of a rejection, told to the offeror
	Actor               Actor

	// Also runs in the transaction. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, o *custody.Offer) error
}

// RejectOffer ends an offer for the organization to which it was made. Repeated, it
// changes nothing. ErrOfferNotFound, ErrOfferEnded when it ended otherwise,
// *InvalidError, translog.ErrRewound, storage.ErrUnavailable.
func (v *Vault) RejectOffer(ctx context.Context, r EndOfferRequest) (*custody.Offer, error) {
	var detail any
	if r.Reason != "" {
		detail = custody.RejectedDetail{Reason: r.Reason}
	}
	return v.withoutSwitch(ctx, r, standing.Answer, custody.OfferRejected, detail)
}

// CancelOffer cancels an offer for the controller that made it. Repeated, it
// changes nothing. Errors are those of RejectOffer.
func (v *Vault) CancelOffer(ctx context.Context, r EndOfferRequest) (*custody.Offer, error) {
	if r.Reason != "" {
		return nil, validate.Fail("reason", "excluded", "is only for a rejection")
	}
	return v.withoutSwitch(ctx, r, standing.Control, custody.OfferCancelled, nil)
}

func (v *Vault) withoutSwitch(ctx context.Context, r EndOfferRequest, act standing.Act, end custody.OfferStatus, detail any) (o *custody.Offer, err error) {
	if err := validate.Struct(r); err != nil {
		return nil, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, fmt.Errorf("offer %s: %w", r.AssignmentID, err)
	}
	late := false
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		late = false
		if o, err = v.offerOf(ctx, s, act, r.OrgID, r.AssignmentID); err != nil || o.Status == end {
			return err
		}
		if o.Status != custody.OfferOpen {
			return ErrOfferEnded
		}
		c, err := s.Original(ctx, o.EnvelopeID)
		if err != nil {
			return err
		}
		if late = o.StatusAt(v.now()) == custody.OfferExpired; late {
			return v.endOffer(ctx, s, c, o, custody.OfferExpired, system, nil)
		}
		if err := v.endOffer(ctx, s, c, o, end, r.Actor, detail); err != nil {
			return err
		}
		return also(ctx, s, r.Also, o)
	})
	if err == nil && late {
		err = ErrOfferEnded
	}
	if err != nil {
		return nil, fmt.Errorf("offer %s: %w", r.AssignmentID, err)
	}
	return o, nil
}

// OffersDue records the expiry of at most limit offers, and returns of how
// many. An offer that cannot be ended is logged and does not delay others.
// translog.ErrRewound.
func (v *Vault) OffersDue(ctx context.Context, limit int) (done int, err error) {
	ids, err := v.c.Store.OffersToExpire(ctx, v.now(), limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return 0, fmt.Errorf("offers due: %w", err)
	}
	for _, id := range ids {
		err := v.update(ctx, func(ctx context.Context, s Store) error {
			o, err := s.Offer(ctx, id)
			if err != nil || o.Status != custody.OfferOpen {
				return err
			}
			c, err := s.Original(ctx, o.EnvelopeID)
			if err != nil {
				return err
			}
			return v.endOffer(ctx, s, c, o, custody.OfferExpired, system, nil)
		})
		switch {
		case ctx.Err() != nil:
			return done, ctx.Err()
		case err != nil:
			v.log.ErrorContext(ctx, "vault: an offer's expiry could not be recorded", "assignment_id", id, "error", err)
		default:
			done++
		}
	}
	return done, nil
}
