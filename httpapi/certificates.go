package httpapi

import (
	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/standing"
)

func (a *API) certificate(c *call) (*rest.Reply, error) {
	cert, err := a.certificateOf(c)
	if err != nil {
		return nil, err
	}
	return c.Etagged(rest.OK(cert), cert.ID), nil
}

// certificateOf is the certificate that the path and ?serial= name.
func (a *API) certificateOf(c *call) (*certificate.Certificate, error) {
	q, err := c.Query("serial")
	if err != nil {
		return nil, err
	}
	serial, err := rest.Int(q, "serial", 0, 1, 1<<30)
	if err != nil {
		return nil, err
	}
	if _, err := a.original(c, standing.SeeMarked); err != nil {
		return nil, err
	}
	return a.cfg.Compliance.Certificate(c.Ctx, c.key.OrgID, c.id(), serial)
}

func (a *API) custodyRecord(c *call) (*rest.Reply, error) {
	cert, err := a.certificateOf(c)
	if err != nil {
		return nil, err
	}
	return a.recordReply(c, cert)
}

func (a *API) recordReply(c *call, cert *certificate.Certificate) (*rest.Reply, error) {
	b, err := a.cfg.Compliance.CustodyRecord(c.Ctx, cert)
	if err != nil {
		return nil, err
	}
	return rest.File{Name: cert.Subject.EnvelopeID + "_custody-record.pdf", ContentType: "application/pdf", ETag: string(storage.Sum(b)), Content: b}.Ranged(), nil
}
