package httpapi

import (
	"context"
	"errors"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/vault/translog"
)

// compliant is the result of the last evaluation, or nil if it is out of date
// or the copy was released.
func (a *API) compliant(s *esign.Summary) *bool {
	if s.ReleasedAt != nil {
		return new(bool)
	}
	if s.EvaluatedAt == nil || a.now().Sub(*s.EvaluatedAt) > a.cfg.Compliance.MaxAge() {
		return nil
	}
	return s.Compliant
}

// extendsAnchors is translog.ErrRewound while the database is behind the anchors of
// the log: what it says of an envelope may have changed since. While anchors
// cannot be read, or no evaluation of late found what the row says, compliant is
// unknown.
func (a *API) extendsAnchors(ctx context.Context, s *esign.Summary) error {
	err := a.cfg.Log.CheckRecent(ctx)
	if errors.Is(err, translog.ErrRewound) {
		return err
	}
	if err == nil && s.Compliant != nil && *s.Compliant && s.ReleasedAt == nil {
		found, unknown := a.cfg.Compliance.LastEvaluation(ctx, s.ID)
		if unknown == nil && found != nil && found.Compliant != nil && *found.Compliant && a.now().Sub(found.EvaluatedAt.Time) <= a.cfg.Compliance.MaxAge() {
			return nil
		}
		s.Compliant = nil
	}
	if err != nil {
		s.Compliant = nil
	}
	return nil
}

type complianceBody struct {
	EnvelopeID     string             `json:"envelope_id"`
	EnvelopeName   string             `json:"envelope_name"`
	CustomerID     *string            `json:"customer_id"`
	EnvelopeStatus string             `json:"envelope_status"`
	Compliance     certificate.Result `json:"compliance"`
}

func (a *API) compliance(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	e, err := a.cfg.Compliance.Evaluate(c.Ctx, c.key.OrgID, c.id(), c.actor())
	if err != nil {
		return nil, err
	}
	return rest.OK(complianceBody{e.EnvelopeID, e.EnvelopeName, orNull(e.CustomerID), e.EnvelopeStatus, e.Result}), nil
}
