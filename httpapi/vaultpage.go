package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// vaultPage is the page of a vault embed session: the state of an original, its
// marked copy and its certificate, but never the authoritative bytes.
func (a *API) vaultPage(c *call) (*rest.Reply, error) {
	t, err := a.openVaultSession(c)
	if errors.Is(err, errTicketReleased) && c.page != nil {
		return nil, a.releasedPage(c, t, err)
	}
	if err != nil {
		return nil, err
	}
	v, err := a.vaultView(c, t.Ticket)
	if err != nil {
		return nil, err
	}
	self := a.cfg.BasePath + "/vault/" + c.Params["token"]
	v.CertificateURL, v.RecordURL = self+"/certificate", self+"/custody-record.pdf"
	if v.HasCopy {
		v.CopyURL = self + "/copy.pdf"
	}
	return vaultReply(http.StatusOK, v.Vault, t)
}

func vaultReply(status int, v web.Vault, t embedded) (*rest.Reply, error) {
	p, err := web.RenderVault(v, t.frame)
	if err != nil {
		return nil, err
	}
	return pageReply(status, p), nil
}

// errTicketReleased ends a session of the vault's page with the release of the original.
var errTicketReleased = fmt.Errorf("%w: the original was released", errTicketDead)

// releasedPage is refused, with a page that says what became of the original.
func (a *API) releasedPage(c *call, t embedded, refused error) error {
	v, err := a.vaultView(c, t.Ticket)
	if err != nil {
		return err
	}
	v.Code = judge(refused).Code
	rp, err := vaultReply(http.StatusGone, v.Vault, t)
	if err != nil {
		return err
	}
	return &shown{refused, rp}
}

func (a *API) openVaultSession(c *call) (embedded, error) {
	if _, err := c.Query(); err != nil {
		return embedded{}, err
	}
	t, err := a.openEmbedded(c, c.Params["token"], ticketVault)
	if err == nil {
		err = a.stillHeld(c, t.Ticket)
	}
	if err != nil {
		a.asPage(c, pass{frame: t.frame})
		return t, a.guard(c, err)
	}
	return t, nil
}

// stillHeld is errTicketDead once the copy that a session was opened for was
// released, has a newer version or another controller.
func (a *API) stillHeld(c *call, t storage.Ticket) error {
	v, err := a.cfg.Vault.Original(c.Ctx, t.OrgID, t.EnvelopeID)
	switch {
	case errors.Is(err, vault.ErrNotVaulted):
		return errTicketDead
	case err != nil:
		return err
	case v.Status == custody.StatusReleased:
		return errTicketReleased
	case v.Version != t.Version:
		return errTicketDead
	}
	return nil
}

func (a *API) vaultPageCopy(c *call) (*rest.Reply, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	return a.metered(c, t.Ticket, func(c *call, t storage.Ticket) (*rest.Reply, error) {
		f, err := a.cfg.Vault.ReadCopy(c.Ctx, vault.ReadRequest{OrgID: t.OrgID, EnvelopeID: t.EnvelopeID})
		if err != nil {
			return nil, err
		}
		return rest.File{Name: f.Name, ContentType: "application/pdf", ETag: string(f.SHA256), Content: f.Content}.Ranged(), nil
	})
}

// sessionCertificate is the newest certificate, for an embed session.
func (a *API) sessionCertificate(c *call) (*certificate.Certificate, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	return a.cfg.Compliance.Certificate(c.Ctx, t.OrgID, t.EnvelopeID, 0)
}

func (a *API) vaultPageCertificate(c *call) (*rest.Reply, error) {
	cert, err := a.sessionCertificate(c)
	if err != nil {
		return nil, err
	}
	return rest.OK(cert), nil
}

func (a *API) vaultPageRecord(c *call) (*rest.Reply, error) {
	cert, err := a.sessionCertificate(c)
	if err != nil {
		return nil, err
	}
	return a.recordReply(c, cert)
}
