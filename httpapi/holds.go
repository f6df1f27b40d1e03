package httpapi

import (
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault"
)

type holdInput struct {
	Reason    string `json:"reason"`
	Reference string `json:"reference"`
}

type holdBody struct {
	HoldID     string     `json:"hold_id"`
	EnvelopeID string     `json:"envelope_id"`
	Reason     *string    `json:"reason"`
	Reference  *string    `json:"reference"`
	PlacedAt   string     `json:"placed_at"`
	PlacedBy   actorBody  `json:"placed_by"`
	LiftedAt   *string    `json:"lifted_at"`
	LiftedBy   *actorBody `json:"lifted_by"`
}

func holdOf(h *vault.Hold) holdBody {
	b := holdBody{
		HoldID: h.HoldID, EnvelopeID: h.EnvelopeID, Reason: orNull(h.Reason), Reference: orNull(h.Reference),
		PlacedAt: at(h.PlacedAt), PlacedBy: actorBody(h.PlacedBy),
	}
	if h.LiftedAt != nil {
		when, by := at(*h.LiftedAt), actorBody(*h.LiftedBy)
		b.LiftedAt, b.LiftedBy = &when, &by
	}
	return b
}

// placeHold puts a legal hold on the envelope's copy.
func (a *API) placeHold(c *call) (*rest.Reply, error) {
	var in holdInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	placed := func(h *vault.Hold) *rest.Reply { return &rest.Reply{Status: http.StatusCreated, Data: holdOf(h)} }
	h, err := a.cfg.Vault.PlaceHold(c.Ctx, vault.HoldRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Reason: in.Reason, Reference: in.Reference, Actor: c.actor(), Also: rest.Keep(c.Call, placed),
	})
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	return placed(h), nil
}

// liftHold ends a legal hold.
func (a *API) liftHold(c *call) (*rest.Reply, error) {
	h, err := a.cfg.Vault.LiftHold(c.Ctx, vault.LiftHoldRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), HoldID: c.Params["hold"], Actor: c.actor(),
	})
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	return rest.OK(holdOf(h)), nil
}

// holds lists the legal holds on the envelope's copy, lifted ones too.
func (a *API) holds(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	holds, err := a.cfg.Vault.Holds(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	out := make([]holdBody, len(holds))
	for i := range holds {
		out[i] = holdOf(&holds[i])
	}
	return rest.OK(out), nil
}
