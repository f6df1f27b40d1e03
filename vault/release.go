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
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
	"github.com/evaultlib/evault/vault/internal/releasepackage"
)

// ReleaseRequest asks to release the original.
type ReleaseRequest struct {
	OrgID, EnvelopeID string
	Reason            string `validate:"required,oneof=assignment payoff paper_out termination other"`
	Note              string `validate:"max=2000,text"`
	Recipient         custody.Recipient
	Approval          string // id of a second key's approval, where the organization requires one
	Consent           string // JWS by the control key of the controller, where it has one; format in package custody

	Actor         Actor
	RequestID     string // recorded with the consent
	RequestSHA256 storage.Digest

	// Also runs in the release's transaction. It does not run when the release exists.
	Also func(ctx context.Context, tx storage.Tx, r *Release) error
}

// Delivery is the delivery status of a release package.
type Delivery string

// Delivery states of a release.
const (
	DeliveryPreparing    Delivery = "preparing"
	DeliveryReady        Delivery = "ready"
	DeliveryFetched      Delivery = "fetched"
	DeliveryAcknowledged Delivery = "acknowledged"
)

// Release is the record of a release, which ends the authoritative copy in this vault.
type Release struct {
	ReleaseID, EnvelopeID, CopyID, OrgID string

	Reason, Note string
	Recipient    custody.Recipient
	ReleasedAt   time.Time
	Version      int            // the release version, which exists only in the package
	SHA256       storage.Digest // of the release version
	Size         int64
	EndsVersion  int // the last version that was in custody
	Statement    string
	EventID      string

	Package        *storage.Object // nil while it is being prepared; its digest is in no answer and no event
	FetchedAt      *time.Time
	AcknowledgedAt *time.Time
	DeleteAfter    *time.Time
	DeletedAt      *time.Time
	Revision       int64
}

// Parties returns the organizations with a role in the release: OrgID is the last controller.
func (r *Release) Parties() standing.Parties { return standing.Parties{Controller: r.OrgID} }

// Delivery returns the delivery status of the package.
func (r *Release) Delivery() Delivery {
	switch {
	case r.AcknowledgedAt != nil:
		return DeliveryAcknowledged
	case r.FetchedAt != nil:
		return DeliveryFetched
	case r.Package != nil:
		return DeliveryReady
	}
	return DeliveryPreparing
}

// Release ends custody here: a last version, the release version, is made that names recipient,
// reason, time and the version it ends; then one transaction marks the copy as released for ever,
// so that no read, download or verification calls it authoritative anymore. The package is built
// afterwards (BuildPackage), once the release event is in the log.
//
// Before the transaction commits, the copy's seal is spent by a mark beside the
// database (released/<copy id> in the blob store), which every act on the copy asks
// for: a database that is restored or edited gives no second release. A crash
// between the two leaves a copy that nobody is handed any more, ErrReleased, and
// whose release goes on when it is asked for again with the same reason and
// recipient; with others it is ErrAlreadyReleased.
//
// Release is idempotent: the same reason and recipient return the same release
// and created false, others ErrAlreadyReleased. ErrNotVaulted, ErrNotController, which
// is recorded, as is custody.ErrConsent, ErrOfferOpen, ErrOnHold, ErrQuarantined, ErrAssigneeDiffers, ErrIntegrity, ErrRecordAltered, *InvalidError, pades.ErrTimestampUnavailable,
// approval.ErrRequired and the other errors of approval.Spend,
// translog.ErrRewound, storage.ErrUnavailable.
func (v *Vault) Release(ctx context.Context, r ReleaseRequest) (rel *Release, created bool, err error) {
	if err := validate.Struct(r); err != nil {
		return nil, false, err
	}
	if err := v.c.Log.Check(ctx); err != nil {
		return nil, false, fmt.Errorf("release %s: %w", r.EnvelopeID, err)
	}
	const tries = 6
	for try := range tries {
		c, err := v.find(ctx, v.c.Store, standing.Control, r.OrgID, r.EnvelopeID)
		if err != nil {
			return nil, false, v.denied(ctx, r.Actor, "release", r.EnvelopeID, err)
		}
		if c.Status == custody.StatusReleased {
			rel, err = v.repeated(ctx, r)
			return rel, false, err
		}
		rel, err = v.release(ctx, r, c)
		switch {
		case err == nil:
			return rel, true, nil
		case errors.Is(err, ErrAlreadyReleased) && try < tries-1: // by a release that has not ended yet, or that may still fail
			pause(ctx, 50*time.Millisecond)
		case !errors.Is(err, errTaken) && !errors.Is(err, errMoved) && !errors.Is(err, errUndone):
			return nil, false, fmt.Errorf("release %s: %w", r.EnvelopeID, v.denied(ctx, r.Actor, "release", r.EnvelopeID, err))
		}
	}
	return nil, false, fmt.Errorf("release %s: %w", r.EnvelopeID, storage.ErrConflict)
}

func (v *Vault) repeated(ctx context.Context, r ReleaseRequest) (*Release, error) {
	rel, err := v.c.Store.Release(ctx, r.EnvelopeID)
	if err != nil {
		return nil, fmt.Errorf("release of %s: %w", r.EnvelopeID, err)
	}
	if rel.Reason != r.Reason || rel.Recipient != r.Recipient {
		return nil, ErrAlreadyReleased
	}
	return rel, nil
}

// approved is what a second key approved, where one must.
func (r *ReleaseRequest) approved() approval.Use {
	return approval.Use{
		ID: r.Approval, OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Verb: approval.Release, Actor: r.Actor, RequestSHA256: r.RequestSHA256,
	}
}

// releasable says whether the copy may go to the recipient.
func releasable(c *custody.Original, r ReleaseRequest) error {
	switch {
	case c.QuarantinedAt != nil:
		return ErrQuarantined
	case c.Controller.BoundBy == custody.BoundByNone && !c.SecuredParty.Named(r.Recipient):
		return ErrAssigneeDiffers
	}
	return nil
}

// consentTo is the consent of the controller to a release.
func consentTo(c *custody.Original, r ReleaseRequest, at time.Time) (custody.Consent, error) {
	return c.Controller.Consent(custody.ConsentBy(r.Actor, r.RequestID, r.RequestSHA256), r.Consent, c.ReleaseTerms(r.Recipient, r.Reason), at)
}

// releasing is a release being made.
type releasing struct {
	ReleaseRequest
	rel     *Release
	version custody.Version
	entry   custody.Entry
}

// release does the work up to the transaction, and the transaction. The seal is
// spent in between, by a mark beside the database.
func (v *Vault) release(ctx context.Context, r ReleaseRequest, c *custody.Original) (*Release, error) {
	c, err := v.proven(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case c.Status == custody.StatusReleased:
		return nil, errTaken
	}
	if err := v.offered(ctx, c); err != nil {
		return nil, err
	}
	if err := v.unheld(ctx, v.c.Store, c.EnvelopeID); err != nil {
		return nil, err
	}
	if err := releasable(c, r); err != nil {
		return nil, err
	}
	if _, err := consentTo(c, r, v.now()); err != nil {
		return nil, err
	}
	if err := approval.Check(ctx, v.c.Store, r.approved(), v.now()); err != nil {
		return nil, err
	}
	last, err := v.version(ctx, c, c.Version)
	if err != nil {
		return nil, err
	}
	h, err := v.begun(ctx, r, c, last)
	if err != nil {
		return nil, err
	}
	if h != nil {
		err = v.update(ctx, func(ctx context.Context, s Store) error { return v.end(ctx, s, h, c) })
		return h.rel, undone(err)
	}
	if h, err = v.prepare(ctx, r, c, last); err != nil {
		return nil, err
	}
	decided := false
	if err = v.spend(ctx, h, c); err == nil {
		err = v.update(ctx, func(ctx context.Context, s Store) error {
			err := v.end(ctx, s, h, c)
			decided = err == nil // what follows is the commit, whose answer may be lost
			return err
		})
	}
	if err != nil && !decided && !errors.Is(err, errTaken) {
		v.unspend(ctx, h)
	}
	return h.rel, err
}

// prepare makes a release out of a request: everything but its transaction.
func (v *Vault) prepare(ctx context.Context, r ReleaseRequest, c *custody.Original, last custody.Version) (*releasing, error) {
	file, err := v.Examine(ctx, c, last.Object)
	if err != nil {
		return nil, err
	}
	h := &releasing{ReleaseRequest: r, rel: &Release{
		ReleaseID: v.c.NewID("rel"), EnvelopeID: c.EnvelopeID, CopyID: c.CopyID, OrgID: c.OrgID,
		Reason: r.Reason, Note: r.Note, Recipient: r.Recipient, ReleasedAt: v.now(), Version: last.Version + 1, EndsVersion: last.Version,
	}}
	if err := v.releaseVersion(ctx, h, c, last, file); err != nil {
		return nil, err
	}
	return h, v.releaseEntry(ctx, h, c)
}

// releaseVersion makes and keeps the release version.
func (v *Vault) releaseVersion(ctx context.Context, h *releasing, c *custody.Original, last custody.Version, file *storage.Content) error {
	rel, at := h.rel, environ.Format(h.rel.ReleasedAt)
	prev := storage.Digest("")
	if last.Statement != nil {
		prev = storage.Sum(last.Statement)
	}
	if last.Seal.Mode != custody.SealingDetached {
		page, err := releasepackage.Page(ctx, file, c, last, rel.terms(), v.fonts)
		if err != nil {
			return err
		}
		file = file.Append(page)
	}
	sealed, err := v.seal(ctx, sealing{
		file: file, mode: custody.Sealing{Mode: last.Seal.Mode, Reason: last.Seal.Reason}, at: rel.ReleasedAt,
		reason: fmt.Sprintf(copymark.ReleaseSeal+"%s to %s; reason %s; %s; ends version %d of copy %s, envelope %s",
			c.Custodian.Party.Name, rel.Recipient, rel.Reason, at, last.Version, c.CopyID, c.EnvelopeID),
		statement: custody.VersionStatement{
			Assignee: c.SecuredParty, At: at, CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.VersionRelease, Prev: prev,
			Reason: rel.Reason, Recipient: &rel.Recipient, Vault: c.Custodian.Party.Name, Version: rel.Version,
		},
	})
	if err != nil {
		return err
	}
	h.version = custody.Version{
		CopyID: c.CopyID, Version: rel.Version, Kind: custody.VersionRelease, Seal: sealed.seal, Statement: sealed.statement, CreatedAt: rel.ReleasedAt,
		Prefix: storage.Object{SHA256: last.Object.SHA256, Size: last.Object.Size},
	}
	owner := fmt.Sprintf("%s-%s-v%d", c.CopyID, rel.ReleaseID, rel.Version)
	if h.version.Object, err = v.keep(ctx, storage.KindVersion, owner, sealed.file); err != nil {
		return err
	}
	rel.SHA256, rel.Size = h.version.Object.SHA256, h.version.Object.Size
	rel.Statement, _, err = v.state(custody.TypRelease, custody.ReleaseStatement{
		At: at, CopyID: c.CopyID, EndsSHA256: last.Object.SHA256, EndsVersion: last.Version, EnvelopeID: c.EnvelopeID, Note: rel.Note,
		Reason: rel.Reason, Recipient: rel.Recipient, ReleaseID: rel.ReleaseID, SHA256: rel.SHA256, V: custody.StatementVersion, Version: rel.Version,
	})
	return err
}

// releaseEntry makes the last entry of the custody chain.
func (v *Vault) releaseEntry(ctx context.Context, h *releasing, c *custody.Original) error {
	prev, err := v.lastEntry(ctx, c)
	if err != nil {
		return err
	}
	at := later(h.rel.ReleasedAt, prev.RecordedAt)
	consent, err := consentTo(c, h.ReleaseRequest, at)
	if err != nil {
		return err
	}
	h.entry, err = v.entry(custody.Entry{
		ID: v.c.NewID("cust"), CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Seq: prev.Seq + 1, Kind: custody.EntryRelease,
		From: prev.To, Recipient: &h.rel.Recipient, Version: h.rel.Version, SHA256: h.rel.SHA256, RecordedAt: at,
		PreviousSHA256: prev.StatementSHA256, Consent: consent,
	}, "")
	return err
}

// lastEntry is the end of a copy's custody chain.
func (v *Vault) lastEntry(ctx context.Context, c *custody.Original) (custody.Entry, error) {
	chain, err := v.c.Store.Custody(ctx, c.CopyID)
	if err == nil && len(chain) == 0 {
		err = fmt.Errorf("copy %s has no custody entry: %w", c.CopyID, ErrIntegrity)
	}
	if err != nil {
		return custody.Entry{}, err
	}
	return chain[len(chain)-1], nil
}

// later is the time of an entry after one of the time before: a clock may go back.
func later(now, before time.Time) time.Time {
	if now.Before(before) {
		return before
	}
	return now
}

// end is the transaction that makes the release true.
func (v *Vault) end(ctx context.Context, s Store, h *releasing, seen *custody.Original) error {
	c, err := v.find(ctx, s, standing.Control, h.OrgID, h.EnvelopeID)
	if err != nil {
		return err
	}
	switch {
	case c.Status == custody.StatusReleased:
		return errTaken
	case c.Version != seen.Version:
		return errMoved
	}
	if c, err = v.unlocked(ctx, s, c); err != nil {
		return err
	}
	if err := v.unheld(ctx, s, c.EnvelopeID); err != nil {
		return err
	}
	if err := releasable(c, h.ReleaseRequest); err != nil {
		return err
	}
	if err := approval.Spend(ctx, s, h.approved(), v.now()); err != nil {
		return err
	}
	rel := h.rel
	if err := c.Controller.Consented(h.entry.Consent, c.ReleaseTerms(rel.Recipient, rel.Reason), h.entry.RecordedAt); err != nil {
		return err
	}
	events, err := v.chain.Append(ctx, s,
		eventlog.Draft{EnvelopeID: c.EnvelopeID, Type: event.VaultReleased, Actor: h.Actor, Data: event.ReleasedData{
			ReleaseID: rel.ReleaseID, CopyID: c.CopyID, Version: rel.Version, SHA256: rel.SHA256, Size: rel.Size, EndsVersion: rel.EndsVersion,
			Reason: rel.Reason, StatementSHA256: storage.Sum([]byte(rel.Statement)), VersionStatementSHA256: h.version.Seal.SHA256,
		}, Detail: custody.ReleasedDetail{Recipient: rel.Recipient, Note: rel.Note}},
		eventlog.Draft{EnvelopeID: c.EnvelopeID, Type: event.CustodyAssigned, Actor: h.Actor, Data: assigned(&h.entry)})
	if err != nil {
		return err
	}
	rel.EventID, h.version.EventID, h.entry.EventID = events[0].ID, events[0].ID, events[1].ID
	at := events[0].RecordedAt
	c.Status, c.ReleasedAt = custody.StatusReleased, &at
	c.Version, c.DocumentHash, c.Size, c.Seal = rel.Version, rel.SHA256, rel.Size, h.version.Seal
	rel.ReleasedAt = at
	steps := []func() error{
		func() error { return s.UpdateOriginal(ctx, c) },
		func() error { return s.LinkBlob(ctx, h.version.Object.Name, at) },
		func() error { return s.AddVersion(ctx, h.version) },
		func() error { return s.AddCustody(ctx, h.entry) },
		func() error { return s.AddRelease(ctx, rel) },
		func() error { return s.FreeAssets(ctx, c.CopyID) },
	}
	if rel.SHA256 != h.version.Prefix.SHA256 { // with a detached seal the bytes are those of the version before
		claim := custody.Claim{
			SHA256: rel.SHA256, CopyID: c.CopyID, EnvelopeID: c.EnvelopeID, Kind: custody.ClaimVersion, Version: rel.Version, ClaimedAt: at,
		}
		steps = append(steps, func() error { return s.AddClaims(ctx, claim) })
	}
	steps = append(steps, func() error { return also(ctx, s, h.Also, rel) })
	return inOrder(steps...)
}

// Released returns the release of an envelope; ErrNotReleased, also for another
// organization's.
func (v *Vault) Released(ctx context.Context, orgID, envelopeID string) (*Release, error) {
	return v.released(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID)
}

func (v *Vault) released(ctx context.Context, s Store, act standing.Act, orgID, envelopeID string) (*Release, error) {
	r, err := s.Release(ctx, envelopeID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, ErrNotReleased
	case err != nil:
		return nil, err
	case !r.Parties().Of(orgID).May(act):
		return nil, ErrNotReleased
	}
	return r, nil
}
