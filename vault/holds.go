package vault

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

// maxHolds is how many legal holds may be on one copy at a time.
const maxHolds = 100

// Hold is a legal hold on the copy of an envelope. While one is on it the copy is not released, and
// the bytes of an acknowledged release are not deleted. Holds are recorded only in the envelope's
// event chain, so that no edited row can end one. They stay when control is assigned: whoever has
// control then may lift them.
type Hold struct {
	HoldID     string // hld_…
	EnvelopeID string
	Reason     string // "" once the detail of its event was erased
	Reference  string // such as the number of the case
	PlacedAt   time.Time
	PlacedBy   Actor
	LiftedAt   *time.Time
	LiftedBy   *Actor
}

// HoldRequest asks to place a legal hold.
type HoldRequest struct {
	OrgID, EnvelopeID string
	Reason            string `validate:"required,max=2000,text"`
	Reference         string `validate:"max=200,line"`
	Actor             Actor

	Also func(ctx context.Context, tx storage.Tx, h *Hold) error // runs in the transaction
}

// PlaceHold puts a legal hold on the copy of an envelope, live or released.
// ErrNotVaulted, ErrNotController, which is recorded, *InvalidError,
// storage.ErrUnavailable.
func (v *Vault) PlaceHold(ctx context.Context, r HoldRequest) (*Hold, error) {
	if err := validate.Struct(r); err != nil {
		return nil, err
	}
	var h *Hold
	err := v.update(ctx, func(ctx context.Context, s Store) error {
		c, holds, err := v.holds(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
		if err != nil {
			return err
		}
		if len(open(holds)) >= maxHolds {
			return validate.Fail("holds", "max", "may be at most %d at a time", maxHolds)
		}
		id := v.c.NewID("hld")
		e, err := v.chain.Append(ctx, s, eventlog.Draft{
			EnvelopeID: c.EnvelopeID, Type: event.VaultHoldPlaced, Actor: r.Actor, Data: event.HoldData{CopyID: c.CopyID, HoldID: id},
			Detail: event.HoldPlacedDetail{Reason: r.Reason, Reference: r.Reference},
		})
		if err != nil {
			return err
		}
		h = &Hold{HoldID: id, EnvelopeID: c.EnvelopeID, Reason: r.Reason, Reference: r.Reference, PlacedAt: e[0].RecordedAt, PlacedBy: r.Actor}
		if err := s.UpdateOriginal(ctx, c); err != nil { // what goes on beside it must look again
			return err
		}
		return also(ctx, s, r.Also, h)
	})
	if err != nil {
		return nil, fmt.Errorf("hold on %s: %w", r.EnvelopeID, v.denied(ctx, r.Actor, "hold", r.EnvelopeID, err))
	}
	return h, nil
}

// LiftHoldRequest asks to lift a legal hold.
type LiftHoldRequest struct {
	OrgID, EnvelopeID, HoldID string
	Actor                     Actor
}

// LiftHold ends a legal hold; one that has ended is returned as it is. When it was the
// last one, the deletion of an acknowledged release is due as if there had been none.
// ErrHoldNotFound, ErrNotVaulted, ErrNotController, which is recorded,
// storage.ErrUnavailable.
func (v *Vault) LiftHold(ctx context.Context, r LiftHoldRequest) (*Hold, error) {
	var h Hold
	err := v.update(ctx, func(ctx context.Context, s Store) error {
		c, holds, err := v.holds(ctx, s, standing.Control, r.OrgID, r.EnvelopeID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(holds, func(h Hold) bool { return h.HoldID == r.HoldID })
		if i < 0 {
			return ErrHoldNotFound
		}
		if h = holds[i]; h.LiftedAt != nil {
			return nil
		}
		e, err := v.chain.Append(ctx, s, eventlog.Draft{
			EnvelopeID: c.EnvelopeID, Type: event.VaultHoldLifted, Actor: r.Actor, Data: event.HoldData{CopyID: c.CopyID, HoldID: h.HoldID},
		})
		if err != nil {
			return err
		}
		h.LiftedAt, h.LiftedBy = &e[0].RecordedAt, &r.Actor
		if err := s.UpdateOriginal(ctx, c); err != nil {
			return err
		}
		if c.Status == custody.StatusReleased && len(open(holds)) == 1 {
			return v.resumeDeletion(ctx, s, c.EnvelopeID)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("hold on %s: %w", r.EnvelopeID, v.denied(ctx, r.Actor, "lift hold", r.EnvelopeID, err))
	}
	return &h, nil
}

// Holds returns the legal holds on the copy of an envelope, lifted ones too, oldest
// first. ErrNotVaulted, ErrNotController.
func (v *Vault) Holds(ctx context.Context, orgID, envelopeID string) ([]Hold, error) {
	_, holds, err := v.holds(ctx, v.c.Store, standing.SeeCopy, orgID, envelopeID)
	if err != nil {
		return nil, fmt.Errorf("holds on %s: %w", envelopeID, err)
	}
	return holds, nil
}

// holds returns the copy of an envelope, read before its holds: a hold that is placed
// later makes the update of that copy conflict.
func (v *Vault) holds(ctx context.Context, s Store, act standing.Act, orgID, envelopeID string) (*custody.Original, []Hold, error) {
	c, err := v.find(ctx, s, act, orgID, envelopeID)
	if err != nil {
		return nil, nil, err
	}
	events, err := s.Events(ctx, envelopeID)
	return c, holdsOf(events), err
}

// unheld is ErrOnHold while a legal hold is on an envelope's copy.
func (v *Vault) unheld(ctx context.Context, s Store, envelopeID string) error {
	events, err := s.Events(ctx, envelopeID)
	if err == nil && len(open(holdsOf(events))) > 0 {
		err = ErrOnHold
	}
	return err
}

// holdsOf reads the legal holds out of a chain of events, oldest first.
func holdsOf(events []Event) []Hold {
	var holds []Hold
	for _, e := range events {
		d := event.DataOf[event.HoldData](e)
		switch e.Type {
		case event.VaultHoldPlaced:
			h := Hold{HoldID: d.HoldID, EnvelopeID: e.EnvelopeID, PlacedAt: e.RecordedAt, PlacedBy: e.Actor}
			if why, ok := event.DetailOf[event.HoldPlacedDetail](e); ok {
				h.Reason, h.Reference = why.Reason, why.Reference
			}
			holds = append(holds, h)
		case event.VaultHoldLifted:
			for i := range holds {
				if holds[i].HoldID == d.HoldID {
					holds[i].LiftedAt, holds[i].LiftedBy = &e.RecordedAt, &e.Actor
				}
			}
		}
	}
	return holds
}

func open(holds []Hold) []Hold {
	return slices.DeleteFunc(slices.Clone(holds), func(h Hold) bool { return h.LiftedAt != nil })
}

// resumeDeletion makes the deletion of an acknowledged release due again.
func (v *Vault) resumeDeletion(ctx context.Context, s Store, envelopeID string) error {
	rel, err := s.Release(ctx, envelopeID)
	if err != nil || rel.DeletedAt != nil {
		return err
	}
	events, err := s.Events(ctx, envelopeID)
	if err != nil {
		return err
	}
	if rel.DeleteAfter, err = deleteAfter(rel.ReleaseID, envelopeID, events); err != nil {
		return err
	}
	return s.UpdateRelease(ctx, rel)
}
