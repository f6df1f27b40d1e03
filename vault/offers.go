package vault

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/internal/eventlog"
	"github.com/evaultlib/evault/internal/validate"
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
func (v *Vault) OffersTo(ctx context.Context, orgID string, p storage.Page) (list storage.List[custody.Offer], err error) {
	list.Total = -1
	if p.Limit == 0 {
		p.Limit = defaultPage
	}
	if p.Limit < 1 || p.Limit > maxPage {
		return list, validate.Fail("limit", "max", "must be 1 to %d", maxPage)
	}
	after, offset, err := position(p)
	if err != nil {
		return list, err
	}
	if after == nil {
		if list.Total, err = v.c.Store.CountOffersTo(ctx, orgID); err != nil {
			return list, err
		}
	}
	if list.Items, err = v.c.Store.OffersTo(ctx, orgID, after, offset, p.Limit+1); err != nil {
		return list, err
	}
	for i := range list.Items {
		list.Items[i].Status = list.Items[i].StatusAt(v.now())
	}
	if len(list.Items) > p.Limit {
		list.Items = list.Items[:p.Limit]
		last := list.Items[p.Limit-1]
		list.Next = base64.RawURLEncoding.EncodeToString([]byte(environ.Format(last.OfferedAt) + "|" + last.ID))
	}
	return list, nil
}

// denied records an attempt of an organization that has lost control, in the
// organization's own chain: one event for each actor, verb and hour. It returns why.
func (v *Vault) denied(ctx context.Context, by Actor, verb, envelopeID string, why error) error {
	if !errors.Is(why, ErrNotController) || by.OrgID == "" {
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
