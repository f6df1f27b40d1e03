package httpapi

import (
	"net/http"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/vault"
)

// attest brings the attestation of paper that was vaulted without one.
func (a *API) attest(c *call) (*reply, error) {
	var in attestationInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	tag, err := c.envelopeTag(a)
	if err != nil {
		return nil, err
	}
	rec, created, err := a.cfg.Handover.Attest(c.ctx, compliance.AttestRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Attestation: vault.Attestation(in), IfMatch: tag, Actor: c.actor(),
		Also: keep(a, c, func(rec *compliance.VaultRecord) *reply {
			return &reply{status: http.StatusCreated, data: recordOf(rec), provisional: true}
		}),
	})
	if err != nil {
		return nil, err
	}
	rp := ok(recordOf(rec))
	if created {
		rp.status = http.StatusCreated
	}
	return rp, nil
}
