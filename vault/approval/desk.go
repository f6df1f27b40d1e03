package approval

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/keyset"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

const (
	defaultLife = 3 * 24 * time.Hour
	maxLife     = 30 * 24 * time.Hour
	maxRequest  = 64 << 10 // bytes

	seesApproval = standing.Control // only keys of who has control
)

// Copies finds the copy that an organization controls; a *vault.Vault is one.
type Copies interface {
	OriginalFor(ctx context.Context, act standing.Act, orgID, envelopeID string) (*custody.Original, error)
}

// Config makes a Desk.
type Config struct {
	Store       Store  // required
	Copies      Copies // required
	storage.Env        // clock, ids, random bytes and log
}

// Desk takes requests for approval and the answers to them. It is safe for concurrent
// use and keeps nothing.
type Desk struct {
	c     Config
	chain eventlog.Writer
}

// New checks c. It does no I/O.
func New(c Config) (*Desk, error) {
	if err := environ.Require("approval", map[string]bool{"Store": c.Store == nil, "Copies": c.Copies == nil}); err != nil {
		return nil, err
	}
	c.Env = c.Env.WithDefaults()
	return &Desk{c, eventlog.Writer{Env: c.Env}}, nil
}

// Required reports whether the organization requires a second key for a verb.
func (d *Desk) Required(ctx context.Context, orgID string) (bool, error) {
	return d.c.Store.TwoKeys(ctx, orgID)
}

// AskRequest asks for a second key's approval.
type AskRequest struct {
	OrgID, EnvelopeID string
	Verb              Verb
	Request           []byte // JSON, at most 64 KiB; shown to who approves
	RequestSHA256     storage.Digest
	RequestID         string
	ExpiresIn         time.Duration // default 3 days, at most 30

	Actor event.Actor // a key of the organization, or a member whom the host names

	// Also runs in the transaction.
	Also func(ctx context.Context, tx storage.Tx, a *Approval) error
}

// Ask records what a key wants to do, for another key of the organization to approve.
// The organization must have control of a live copy. Errors: *storage.InvalidError, those
// of Copies (vault.ErrNotVaulted, vault.ErrNotController), storage.ErrUnavailable.
func (d *Desk) Ask(ctx context.Context, r AskRequest) (*Approval, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	c, err := d.c.Copies.OriginalFor(ctx, standing.Control, r.OrgID, r.EnvelopeID)
	if err != nil {
		return nil, fmt.Errorf("approval for %s: %w", r.EnvelopeID, err)
	}
	a := &Approval{
		ID: d.c.NewID("apr"), OrgID: r.OrgID, EnvelopeID: r.EnvelopeID, Verb: r.Verb,
		Request: r.Request, RequestID: r.RequestID, RequestSHA256: r.RequestSHA256, AskedBy: r.Actor, Status: Pending,
	}
	err = d.update(ctx, func(ctx context.Context, s Store) error {
		e, err := d.record(ctx, s, a, c.CopyID, event.CustodyApprovalRequested, r.Actor)
		if err != nil {
			return err
		}
		a.AskedAt, a.ExpiresAt = e.RecordedAt, environ.Micro(e.RecordedAt.Add(r.ExpiresIn))
		if err := s.AddApproval(ctx, a); err != nil || r.Also == nil {
			return err
		}
		return r.Also(ctx, s.Tx(), a)
	})
	if err != nil {
		return nil, fmt.Errorf("approval for %s: %w", r.EnvelopeID, err)
	}
	return a, nil
}

func (r *AskRequest) check() error {
	var p validate.Problems
	if r.ExpiresIn == 0 {
		r.ExpiresIn = defaultLife
	}
	if r.ExpiresIn < 0 || r.ExpiresIn > maxLife {
		p.Add("expires_in", "range", "must be more than 0 and at most 30 days")
	}
	if r.Verb != Assign && r.Verb != Release {
		p.Add("verb", "oneof", "must be one of %s, %s", Assign, Release)
	}
	if len(r.Request) > maxRequest || !json.Valid(r.Request) {
		p.Add("request", "json", "must be JSON of at most %d bytes", maxRequest)
	}
	if _, err := storage.ParseDigest(string(r.RequestSHA256)); err != nil {
		p.Add("request_sha256", "sha256", "must be 64 lower-case hex digits")
	}
	if !ofOrganization(r.Actor) {
		p.Add("actor", "key", "must be a key or a member of the organization")
	}
	return p.Err()
}

// ofOrganization reports whether an actor is a key or a member of an organization; what
// an operator or a job does counts as nobody's approval.
func ofOrganization(a event.Actor) bool {
	return (a.Kind == event.ActorKey || a.Kind == event.ActorMember) && a.ID != "" && a.OrgID != ""
}

// AnswerRequest is the answer of a key to a request for approval.
type AnswerRequest struct {
	OrgID, ID string
	Actor     event.Actor // a key of the organization, or a member whom the host names
}

// Approve records that another key of the organization approves. Repeated by the same
// key, it changes nothing. ErrNotFound, ErrSameKey, ErrEnded, storage.ErrUnavailable.
func (d *Desk) Approve(ctx context.Context, r AnswerRequest) (*Approval, error) {
	return d.answer(ctx, r, func(ctx context.Context, s Store, a *Approval) error {
		switch {
		case !ofOrganization(r.Actor) || r.Actor.ID == a.AskedBy.ID:
			return ErrSameKey
		case a.Status == Approved && *a.ApprovedBy == r.Actor:
			return nil
		case a.Status != Pending || a.StatusAt(d.c.Now()) != Pending:
			return ErrEnded
		}
		e, err := d.record(ctx, s, a, "", event.CustodyApproved, r.Actor)
		if err != nil {
			return err
		}
		a.Status, a.ApprovedBy, a.ApprovedAt = Approved, &r.Actor, &e.RecordedAt
		return s.UpdateApproval(ctx, a)
	})
}

// Cancel ends a request for approval before its verb has run, for any key of the
// organization, the one that asked too. Repeated, it changes nothing. ErrNotFound,
// ErrEnded, storage.ErrUnavailable.
func (d *Desk) Cancel(ctx context.Context, r AnswerRequest) (*Approval, error) {
	return d.answer(ctx, r, func(ctx context.Context, s Store, a *Approval) error {
		switch a.StatusAt(d.c.Now()) {
		case Cancelled:
			return nil
		case Used, Expired:
			return ErrEnded
		case Pending, Approved:
		}
		e, err := d.record(ctx, s, a, "", event.CustodyApprovalCancelled, r.Actor)
		if err != nil {
			return err
		}
		a.Status, a.EndedAt = Cancelled, &e.RecordedAt
		return s.UpdateApproval(ctx, a)
	})
}

func (d *Desk) answer(ctx context.Context, r AnswerRequest, act func(context.Context, Store, *Approval) error) (a *Approval, err error) {
	err = d.update(ctx, func(ctx context.Context, s Store) error {
		if a, err = owned(ctx, s, r.OrgID, r.ID); err != nil {
			return err
		}
		return act(ctx, s, a)
	})
	if err != nil {
		return nil, fmt.Errorf("approval %s: %w", r.ID, err)
	}
	return a, nil
}

// record appends the event of a step to the envelope's chain.
func (d *Desk) record(ctx context.Context, s Store, a *Approval, copyID, eventType string, by event.Actor) (event.Event, error) {
	events, err := d.chain.Append(ctx, s, eventlog.Draft{
		EnvelopeID: a.EnvelopeID, Type: eventType, Actor: by,
		Data: event.ApprovalData{ApprovalID: a.ID, CopyID: copyID, RequestSHA256: a.RequestSHA256, Verb: string(a.Verb)},
	})
	if err != nil {
		return event.Event{}, err
	}
	return events[0], nil
}

// Approval returns one approval of the organization; its Status is as of now.
// ErrNotFound.
func (d *Desk) Approval(ctx context.Context, orgID, id string) (*Approval, error) {
	a, err := owned(ctx, d.c.Store, orgID, id)
	if err == nil {
		a.Status = a.StatusAt(d.c.Now())
	}
	return a, err
}

// Approvals lists the approvals of an organization, newest first; each Status is as of
// now. *storage.InvalidError for an invalid page.
func (d *Desk) Approvals(ctx context.Context, orgID string, p storage.Page) (storage.List[Approval], error) {
	list, err := keyset.Page(p, keyset.Source[Approval]{
		Read: func(after *storage.Place, offset, limit int) ([]Approval, error) {
			return d.c.Store.Approvals(ctx, orgID, after, offset, limit)
		},
		Count: func() (int, error) { return d.c.Store.CountApprovals(ctx, orgID) },
		Place: func(a Approval) storage.Place { return storage.Place{At: a.AskedAt, ID: a.ID} },
	})
	for i := range list.Items {
		list.Items[i].Status = list.Items[i].StatusAt(d.c.Now())
	}
	return list, err
}

// update runs fn in one transaction, again when another one was first.
func (d *Desk) update(ctx context.Context, fn func(ctx context.Context, s Store) error) error {
	return storage.Retry(ctx, func() error { return d.c.Store.InTx(ctx, fn) })
}
