package httpapi

import (
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/custody"
)

type powersBody struct {
	EnvelopeID string              `json:"envelope_id"`
	AsOf       certificate.Time    `json:"as_of"`
	Policy     custody.Policy      `json:"policy"`
	Powers     []certificate.Power `json:"powers"`
}

// powers reports who can do what to a copy.
func (a *API) powers(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	r, err := a.cfg.Compliance.Powers(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	return rest.OK(powersBody(*r)), nil
}
