package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/offering"
)

// AcceptRequest asks to accept an offer of control.
type AcceptRequest struct {
	OrgID, AssignmentID string
	Custodian           custody.CustodianKind // default: operator if one is configured

	Actor         Actor
	RequestID     string // recorded with the acceptance
	RequestSHA256 storage.Digest

	// Also runs in the transaction of the switch. It does not run for a repeated call.
	Also func(ctx context.Context, tx storage.Tx, a *Assignment) error
}

// Assignment is control that has moved.
type Assignment struct {
	Offer    *custody.Offer
	Original *custody.Original // as it is since then
	EventID  string            // of custody.accepted
}

// AcceptOffer moves control to the accepting organization. First a new version
// is sealed; it names the new assignee, extends the previous version byte for
// byte, and is stored, read back and marked. Then one transaction switches
// version, controller, assignee, custodian and acknowledgment, writes the
// custody entry with the consent of the old controller and the acceptance of
// the new one, and ends the offer. From its commit on, the old controller has
// the standing of a former controller. A crash before the commit leaves an open
// offer, and stored bytes that the sweep deletes.
//
// AcceptOffer is idempotent: a repeated call returns the assignment and created false.
// ErrOfferNotFound, ErrOfferEnded, ErrQuarantined, ErrReleased, ErrRecordAltered, custody.ErrConsent,
// ErrIntegrity, *InvalidError, pades.ErrTimestampUnavailable, translog.ErrRewound,
// storage.ErrUnavailable.
func (v *Vault) AcceptOffer(ctx context.Context, r AcceptRequest) (a *Assignment, created bool, err error) {
	var p validate.Problems
	oneOf(&p, "custodian", r.Custodian, "", custody.CustodianSelf, custody.CustodianOperator)
	if err := p.Err(); err != nil {
		return nil, false, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, false, fmt.Errorf("accept %s: %w", r.AssignmentID, err)
	}
	const tries = 5
	for range tries {
		var o *custody.Offer
		if o, err = v.offerOf(ctx, v.c.Store, standing.Answer, r.OrgID, r.AssignmentID); err != nil {
			return nil, false, err
		}
		switch o.StatusAt(v.now()) {
		case custody.OfferAccepted:
			a, err = v.assigned(ctx, o)
			return a, false, err
		case custody.OfferOpen:
		default:
			return nil, false, ErrOfferEnded
		}
		if a, err = v.accept(ctx, r, o); !errors.Is(err, errTaken) {
			break
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("accept %s: %w", r.AssignmentID, err)
	}
	return a, true, nil
}

// assigned returns the result of a repeated acceptance while its assignment is current.
func (v *Vault) assigned(ctx context.Context, o *custody.Offer) (*Assignment, error) {
	c, err := v.live(ctx, v.c.Store, standing.Control, o.OrgID, o.EnvelopeID)
	if err != nil {
		return nil, err
	}
	return &Assignment{o, c, o.EndedEventID}, nil
}

// switching is an acceptance in progress.
type switching struct {
	AcceptRequest
	offer   *custody.Offer
	to      custody.Parties
	version custody.Version
	marked  *custody.RegisteredCopy // nil: the file cannot be marked
	entry   custody.Entry
	ack     *custody.Acknowledgment
}

// accept does the work before the transaction, and the transaction.
func (v *Vault) accept(ctx context.Context, r AcceptRequest, o *custody.Offer) (*Assignment, error) {
	w, err := v.prepareSwitch(ctx, r, o)
	if err != nil {
		return nil, err
	}
	var a *Assignment
	err = v.update(ctx, func(ctx context.Context, s Store) (err error) {
		a, err = v.switchTo(ctx, s, w)
		return err
	})
	return a, err
}

// prepareSwitch does the work before the transaction.
func (v *Vault) prepareSwitch(ctx context.Context, r AcceptRequest, o *custody.Offer) (*switching, error) {
	c, err := v.c.Store.Original(ctx, o.EnvelopeID)
	if err == nil {
		c, err = v.authoritative(ctx, c)
	}
	if err == nil {
		err = switchable(c, o, v.now())
	}
	if err != nil {
		return nil, err
	}
	var p validate.Problems
	w := &switching{AcceptRequest: r, offer: o, to: custody.Parties{
		Assignee: o.Assignee, Interest: o.Interest,
		Controller: custody.Controller{Party: o.Assignee, OrgID: o.OrgID, BoundBy: custody.BoundByOrganization},
	}}
	w.to.Custodian = v.holder(r.Custodian, o.Assignee, &p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	last, err := v.version(ctx, c, c.Version)
	if err != nil {
		return nil, err
	}
	if err := v.nextVersion(ctx, w, c, last); err != nil {
		return nil, err
	}
	return w, v.nextEntry(ctx, w, c)
}

// switchable checks that the copy is the one that was offered, and that its controller consented.
func switchable(c *custody.Original, o *custody.Offer, now time.Time) error {
	switch {
	case c.Status == custody.StatusReleased:
		return ErrReleased
	case c.QuarantinedAt != nil:
		return ErrQuarantined
	case c.OfferID != o.ID:
		return errTaken
	case c.Version != o.Version || c.DocumentHash != o.SHA256:
		return ErrSuperseded
	}
	return c.Controller.Consented(o.Consent, o.ConsentTerms(), now)
}

// nextVersion makes, keeps and marks the version that names the new assignee.
func (v *Vault) nextVersion(ctx context.Context, w *switching, c *custody.Original, last custody.Version) error {
	content, err := v.Examine(ctx, c, last.Object)
	if err != nil {
		return err
	}
	file, at, n := parseDocument(content), v.now(), last.Version+1
	prev := storage.Digest("")
	if last.Statement != nil {
		prev = storage.Sum(last.Statement)
	}
	sealed, err := v.seal(ctx, sealing{
		file: content, parsed: file.opened, mode: custody.Sealing{Mode: last.Seal.Mode, Reason: last.Seal.Reason}, at: at,
		reason: fmt.Sprintf(copymark.VaultSeal+"%s; assignee %s; %s; envelope %s, copy %s, version %d",
			w.to.Custodian.Party.Name, w.to.Assignee, offering.Named(w.offer, c.Controller.Party), c.EnvelopeID, c.CopyID, n) + jurisdictionOf(c.Jurisdiction, "; "),
		statement: custody.VersionStatement{
			Assignee: w.to.Assignee, At: environ.Format(at), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.VersionAssignment,
			Prev: prev, Vault: w.to.Custodian.Party.Name, Version: n,
		},
	})
	if err != nil {
		return err
	}
	w.version = custody.Version{
		CopyID: c.CopyID, Version: n, Kind: custody.VersionAssignment, Seal: sealed.seal, Statement: sealed.statement, CreatedAt: at,
		Prefix: storage.Object{SHA256: last.Object.SHA256, Size: last.Object.Size},
	}
	if w.version.Object, err = v.keep(ctx, storage.KindVersion, fmt.Sprintf("%s-%s-v%d", c.CopyID, w.offer.ID, n), sealed.file); err != nil {
		return err
	}
	w.marked, err = v.mark(ctx, marking{envelopeID: c.EnvelopeID, version: w.version, by: w.Actor}, file)
	return err
}

// nextEntry makes the entry of the custody chain, and its acknowledgment.
func (v *Vault) nextEntry(ctx context.Context, w *switching, c *custody.Original) error {
	prev, err := v.lastEntry(ctx, c)
	if err != nil {
		return err
	}
	acceptance := custody.ConsentBy(w.Actor, w.RequestID, w.RequestSHA256)
	w.entry, err = v.entry(custody.Entry{
		ID: v.c.NewID("cust"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: prev.Seq + 1, Kind: custody.EntryAssignment,
		From: prev.To, To: &w.to, Version: w.version.Version, SHA256: w.version.Object.SHA256, RecordedAt: later(v.now(), prev.RecordedAt),
		PreviousSHA256: prev.StatementSHA256, Consent: w.offer.Consent, Acceptance: &acceptance,
		AssignmentID: w.offer.ID, Purpose: w.offer.Purpose, Reason: w.offer.Reason,
	}, "")
	if err == nil {
		w.ack, err = v.acknowledge(w.entry)
	}
	return err
}

// switchTo moves control, in a transaction.
func (v *Vault) switchTo(ctx context.Context, s Store, w *switching) (*Assignment, error) {
	o, err := v.offerOf(ctx, s, standing.Answer, w.OrgID, w.AssignmentID)
	if err != nil {
		return nil, err
	}
	c, err := s.Original(ctx, o.EnvelopeID)
	switch {
	case err != nil:
		return nil, err
	case o.StatusAt(v.now()) != custody.OfferOpen:
		return nil, errTaken
	}
	if err := switchable(c, o, v.now()); err != nil {
		return nil, err
	}
	events, err := v.chain.Append(ctx, s, w.events()...)
	if err != nil {
		return nil, err
	}
	at := events[0].RecordedAt
	w.version.EventID, w.entry.EventID = events[0].ID, events[1].ID
	o.Status, o.EndedAt, o.EndedEventID, o.EndedSeq, o.CustodyID = custody.OfferAccepted, &at, events[0].ID, events[1].Seq, w.entry.ID
	c.OrgID, c.SecuredParty, c.Controller, c.Custodian, c.Interest = o.OrgID, w.to.Assignee, w.to.Controller, w.to.Custodian, w.to.Interest
	c.Version, c.DocumentHash, c.Size, c.Seal = w.version.Version, w.version.Object.SHA256, w.version.Object.Size, w.version.Seal
	c.Marked, c.Acknowledgment, c.OfferID = w.marked, w.ack, ""
	c.Offeree, c.Former = "", append(c.Former, o.FromOrgID)
	a := &Assignment{o, c, events[0].ID}
	steps := append([]func() error{
		func() error { return s.UpdateOriginal(ctx, c) },
		func() error { return s.UpdateOffer(ctx, o) },
		func() error { return s.LinkBlob(ctx, w.version.Object.Name, at) },
		func() error { return s.AddVersion(ctx, w.version) },
		func() error { return s.AddCustody(ctx, w.entry) },
		func() error { return s.AddClaims(ctx, w.claims(at)...) },
	}, w.extras(ctx, s, events[0])...)
	return a, inOrder(append(steps,
		func() error { return v.touched(ctx, s, c.EnvelopeID) },
		func() error { return also(ctx, s, w.Also, a) })...)
}

// events are custody.accepted, custody.assigned and, with a custodian,
// custody.acknowledged.
func (w *switching) events() []eventlog.Draft {
	o, x := w.offer, w.version
	data := event.CustodyAcceptedData{
		AssignmentID: o.ID, CustodyID: w.entry.ID, CopyID: o.CopyID, Version: x.Version, SHA256: x.Object.SHA256, Size: x.Object.Size,
		EndsVersion: o.Version, Purpose: string(o.Purpose), Level: x.Seal.Level, VersionStatementSHA256: x.Seal.SHA256,
	}
	if w.marked != nil {
		data.MarkedCopy = &event.MarkedCopy{CopyID: w.marked.ID, SHA256: w.marked.SHA256}
	}
	drafts := []eventlog.Draft{
		{EnvelopeID: o.EnvelopeID, Type: event.CustodyAccepted, Actor: w.Actor, Data: data},
		{EnvelopeID: o.EnvelopeID, Type: event.CustodyAssigned, Actor: w.Actor, Data: assigned(&w.entry)},
	}
	if w.ack != nil {
		drafts = append(drafts, acknowledged(w.ack, w.entry, w.Actor))
	}
	return drafts
}

// claims are those on the new bytes: with a detached seal the version's are not new.
func (w *switching) claims(at time.Time) (list []custody.Claim) {
	claim := custody.Claim{CopyID: w.offer.CopyID, EnvelopeID: w.offer.EnvelopeID, ClaimedAt: at}
	if x := w.version; x.Object.SHA256 != x.Prefix.SHA256 {
		claim.SHA256, claim.Kind, claim.Version = x.Object.SHA256, custody.ClaimVersion, x.Version
		list = append(list, claim)
	}
	if w.marked != nil {
		claim.SHA256, claim.Kind, claim.Version = w.marked.SHA256, custody.ClaimCopy, 0
		list = append(list, claim)
	}
	return list
}

// extras are the optional steps of a switch.
func (w *switching) extras(ctx context.Context, s Store, e Event) (steps []func() error) {
	if w.marked != nil {
		w.marked.EventID = e.ID
		steps = append(steps,
			func() error { return s.LinkBlob(ctx, w.marked.Object.Name, e.RecordedAt) },
			func() error { return s.AddRegistered(ctx, *w.marked) })
	}
	if w.ack != nil {
		steps = append(steps, func() error { return s.AddAcknowledgment(ctx, *w.ack) })
	}
	return steps
}
