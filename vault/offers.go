package vault

import (
	"context"
	"errors"
	"time"

	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/keyset"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault/custody"
)

func (v *Vault) offerOf(ctx context.Context, s Store, act standing.Act, orgID, id string) (*custody.Offer, error) {
	o, err := s.Offer(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !o.Parties().Of(orgID).May(act) {
		return nil, ErrOfferNotFound
	}
	return o, err
}

// OfferByID returns an offer to the organization that made it or received it;
// its Status is as of now. ErrOfferNotFound.
func (v *Vault) OfferByID(ctx context.Context, orgID, id string) (*custody.Offer, error) {
	o, err := v.offerOf(ctx, v.c.Store, standing.SeeOffer, orgID, id)
	if err == nil {
		o.Status = o.StatusAt(v.now())
	}
	return o, err
}

// OffersTo lists the offers that were made to an organization, newest first;
// each Status is as of now. *InvalidError for an invalid page.
func (v *Vault) OffersTo(ctx context.Context, orgID string, p storage.Page) (storage.List[custody.Offer], error) {
	list, err := keyset.Page(p, keyset.Source[custody.Offer]{
		Read: func(after *storage.Place, offset, limit int) ([]custody.Offer, error) {
			return v.c.Store.OffersTo(ctx, orgID, after, offset, limit)
		},
		Count: func() (int, error) { return v.c.Store.CountOffersTo(ctx, orgID) },
		Place: func(o custody.Offer) storage.Place { return storage.Place{At: o.OfferedAt, ID: o.ID} },
	})
	for i := range list.Items {
		list.Items[i].Status = list.Items[i].StatusAt(v.now())
	}
	return list, err
}

// denied records an attempt of an organization that has lost control, or that lacks the consent of the
// control key, in the organization's own chain: one event for each actor, verb and hour. It returns why.
func (v *Vault) denied(ctx context.Context, by Actor, verb, envelopeID string, why error) error {
	if !errors.Is(why, ErrNotController) && !errors.Is(why, custody.ErrConsent) || by.OrgID == "" {
		return why
	}
	err := v.update(ctx, func(ctx context.Context, s Store) error {
		events, err := s.EventsSince(ctx, by.OrgID, v.now().Truncate(time.Hour))
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Type == event.ControlDenied && e.Actor == by && event.DataOf[event.ControlDeniedData](e).Verb == verb {
				return nil
			}
		}
		_, err = v.chain.Append(ctx, s, eventlog.Draft{
			EnvelopeID: by.OrgID, Type: event.ControlDenied, Actor: by, Data: event.ControlDeniedData{EnvelopeID: envelopeID, Verb: verb},
		})
		return err
	})
	return errors.Join(why, err)
}
