package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// endAssignment rejects or cancels an offer.
func (a *API) endAssignment(
	c *call, reason string, end func(context.Context, vault.EndOfferRequest) (*custody.Offer, error),
) (*rest.Reply, error) {
	r := vault.EndOfferRequest{OrgID: c.key.OrgID, Reason: reason, Actor: c.actor(), Also: rest.Keep(c.Call, offerReply)}
	if err := validate.Struct(r); err != nil {
		return nil, err
	}
	var err error
	if r.AssignmentID, err = a.offered(c); err != nil {
		return nil, err
	}
	o, err := end(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return offerReply(o), nil
}

// offers lists the offers to the caller's organization.
func (a *API) offers(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	l, err := a.cfg.Vault.OffersTo(c.Ctx, c.key.OrgID, page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	out := make([]offerBody, len(l.Items))
	for i := range l.Items {
		out[i] = offerOf(&l.Items[i])
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}

// offer is an offer to the caller's organization, or one that it made.
func (a *API) offer(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	o, err := a.cfg.Vault.OfferByID(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return offerReply(o), nil
}

// vaulted returns the envelope's copy for a caller who may read its record.
func (a *API) vaulted(c *call) (*custody.Original, error) { return a.original(c, standing.SeeCopy) }

// original returns the envelope's copy if the caller may do act to it. An envelope in
// which the organization has no part is not found before it is not vaulted;
// translog.ErrRewound while nothing that the database says of a copy can be trusted.
func (a *API) original(c *call, act standing.Act) (*custody.Original, error) {
	v, err := a.cfg.Vault.OriginalFor(c.Ctx, act, c.key.OrgID, c.id())
	if err = a.unlessUnknown(c, err); err != nil && !errors.Is(err, vault.ErrNotVaulted) {
		return nil, err
	}
	if rewound := a.cfg.Log.CheckRecent(c.Ctx); rewound != nil {
		return nil, rewound
	}
	return v, err
}

// unlessUnknown is err, or that the envelope does not exist where the copy does not and
// the organization has no part in the envelope.
func (a *API) unlessUnknown(c *call, err error) error {
	if errors.Is(err, vault.ErrNotVaulted) {
		if _, unknown := a.cfg.ESign.Status(c.Ctx, c.key.OrgID, c.id()); unknown != nil {
			return unknown
		}
	}
	return err
}
