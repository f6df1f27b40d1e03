package httpapi

import (
	"net/http"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/custody"
)

// attest adds the attestation of paper that was vaulted without one.
func (a *API) attest(c *call) (*rest.Reply, error) {
	var in attestationInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	rec, created, err := a.cfg.Handover.Attest(c.Ctx, handover.AttestRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Attestation: custody.Attestation(in), IfMatch: tag, Actor: c.actor(),
		Also: rest.Keep(c.Call, func(rec *compliance.VaultRecord) *rest.Reply {
			return &rest.Reply{Status: http.StatusCreated, Data: recordOf(rec), Provisional: true}
		}),
	})
	if err != nil {
		return nil, err
	}
	rp := rest.OK(recordOf(rec))
	if created {
		rp.Status = http.StatusCreated
	}
	return rp, nil
}
