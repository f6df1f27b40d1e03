package httpapi

import (
	"github.com/evaultlib/evault/compliance"
	"github.com/evaultlib/evault/storage"
)

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
