package approval

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
)

// Use is a verb that is about to run.
type Use struct {
	ID                string // of the approval; "" for none
	OrgID, EnvelopeID string
	Verb              Verb
	Actor             event.Actor // who asked, and acts
	RequestSHA256     storage.Digest
}

// Check reports whether the verb may run: nil where the organization requires no second
// key and the request names no approval. Errors are those of Spend.
func Check(ctx context.Context, s Rows, u Use, now time.Time) error {
	_, err := check(ctx, s, u, now)
	return err
}

// Spend is Check in the verb's transaction; the approval is used then, once.
// ErrRequired, ErrNotFound, ErrPending, ErrEnded, ErrDiffers, ErrAltered.
func Spend(ctx context.Context, s Rows, u Use, now time.Time) error {
	a, err := check(ctx, s, u, now)
	if err != nil || a == nil {
		return err
	}
	a.Status, a.EndedAt = Used, &now
	return s.UpdateApproval(ctx, a)
}

func check(ctx context.Context, s Rows, u Use, now time.Time) (*Approval, error) {
	if u.ID == "" {
		two, err := s.TwoKeys(ctx, u.OrgID)
		if err == nil && two {
			err = ErrRequired
		}
		return nil, err
	}
	a, err := owned(ctx, s, u.OrgID, u.ID)
	if err != nil {
		return nil, err
	}
	if a.EnvelopeID != u.EnvelopeID || a.Verb != u.Verb || a.AskedBy != u.Actor || a.RequestSHA256 != u.RequestSHA256 {
		return nil, ErrDiffers
	}
	switch a.StatusAt(now) {
	case Pending:
		return nil, ErrPending
	case Approved:
		return a, inChain(ctx, s, a)
	case Used, Cancelled, Expired:
	}
	return nil, ErrEnded
}

// owned is an approval of the organization.
func owned(ctx context.Context, s Rows, orgID, id string) (*Approval, error) {
	a, err := s.Approval(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !a.parties().Of(orgID).May(seesApproval) {
		return nil, ErrNotFound
	}
	return a, err
}

// inChain is ErrAltered unless the envelope's chain holds the request and the answer of
// a second key.
func inChain(ctx context.Context, s Rows, a *Approval) error {
	events, err := s.Events(ctx, a.EnvelopeID)
	if err != nil {
		return err
	}
	var asked *event.Event
	for i, e := range events {
		d := event.DataOf[event.ApprovalData](e)
		switch {
		case d.ApprovalID != a.ID:
		case e.Type == event.CustodyApprovalRequested && d.Verb == string(a.Verb) && d.RequestSHA256 == a.RequestSHA256 && e.Actor == a.AskedBy:
			asked = &events[i]
		case e.Type == event.CustodyApprovalCancelled:
			return ErrAltered
		case e.Type == event.CustodyApproved && asked != nil && a.parties().Of(e.Actor.OrgID).May(seesApproval) && e.Actor.ID != asked.Actor.ID:
			return nil
		}
	}
	return ErrAltered
}
