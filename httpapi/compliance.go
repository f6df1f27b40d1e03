package httpapi

import (
	"context"
	"errors"

	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/internal/stamp"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault/translog"
)

// compliant is what the last evaluation found, unless it is out of date or the
// copy is no longer here.
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
// cannot be read, or no evaluation found what the row says, compliant is unknown.
func (a *API) extendsAnchors(ctx context.Context, s *esign.Summary) error {
	err := a.cfg.Log.CheckRecent(ctx)
	if errors.Is(err, translog.ErrRewound) {
		return err
	}
	if err == nil && s.Compliant != nil && *s.Compliant && s.ReleasedAt == nil {
		found, _, unknown := a.cfg.Compliance.LastEvaluation(ctx, s.ID)
		if unknown == nil && found != nil && *found {
			return nil
		}
		s.Compliant = nil
	}
	if err != nil {
		s.Compliant = nil
	}
	return nil
}

func (a *API) compliance(c *call) (*reply, error) {
	if _, err := c.query(); err != nil {
		return nil, err
	}
	e, err := a.cfg.Compliance.Evaluate(c.ctx, c.key.OrgID, c.id(), c.actor())
	if err != nil {
		return nil, err
	}
	return ok(struct {
		EnvelopeID     string            `json:"envelope_id"`
		EnvelopeName   string            `json:"envelope_name"`
		CustomerID     *string           `json:"customer_id"`
		EnvelopeStatus string            `json:"envelope_status"`
		Compliance     compliance.Result `json:"compliance"`
	}{e.EnvelopeID, e.EnvelopeName, orNull(e.CustomerID), e.EnvelopeStatus, e.Result}), nil
}

func (a *API) certificate(c *call) (*reply, error) {
	cert, err := a.certificateOf(c)
	if err != nil {
		return nil, err
	}
	return c.etagged(ok(cert), cert.ID), nil
}

// certificateOf is the certificate that the path and ?serial= name.
func (a *API) certificateOf(c *call) (*compliance.Certificate, error) {
	q, err := c.query("serial")
	if err != nil {
		return nil, err
	}
	serial, err := intOf(q, "serial", 0, 1, 1<<30)
	if err != nil {
		return nil, err
	}
	if _, err := a.vaulted(c); err != nil {
		return nil, err
	}
	return a.cfg.Compliance.Certificate(c.ctx, c.key.OrgID, c.id(), serial)
}

func (a *API) custodyRecord(c *call) (*reply, error) {
	cert, err := a.certificateOf(c)
	if err != nil {
		return nil, err
	}
	return a.recordReply(c, cert)
}

func (a *API) recordReply(c *call, cert *compliance.Certificate) (*reply, error) {
	b, err := a.cfg.Compliance.CustodyRecord(c.ctx, cert)
	if err != nil {
		return nil, err
	}
	return fileReply(c, cert.Subject.EnvelopeID+"_custody-record.pdf", "application/pdf", string(storage.Sum(b)), b, true), nil
}

func (a *API) verifyCertificate(c *call) (*reply, error) {
	if a.cfg.VerifyOff {
		return nil, errOff
	}
	if _, err := c.query(); err != nil {
		return nil, err
	}
	if err := a.limitVerify(c); err != nil {
		return nil, err
	}
	state := compliance.StateUnknown
	if stamp.IsID(c.id(), "crt") {
		var err error
		if state, err = a.cfg.Compliance.State(c.ctx, c.id()); err != nil {
			return nil, err
		}
	}
	return ok(struct {
		CertificateID string `json:"certificate_id"`
		State         string `json:"state"`
		AsOf          string `json:"as_of"`
	}{c.id(), state, at(c.now)}), nil
}
