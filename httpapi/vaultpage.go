package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/esign/texts"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

// vaultPage is the plain page behind an embed token of the vault: marked copy,
// custody and certificate, never the authoritative bytes.
func (a *API) vaultPage(c *call) (*rest.Reply, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Log.CheckRecent(c.Ctx); err != nil {
		return nil, err
	}
	v, err := a.cfg.Vault.Original(c.Ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	entries, err := a.cfg.Vault.Custody(c.Ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	s, err := a.cfg.ESign.Status(c.Ctx, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	self := a.cfg.BasePath + "/vault/" + c.Params["token"]
	words := a.texts.Match("en") // the vault's page is in English
	page := web.Vault{
		EnvelopeName: v.Name, Status: inWords(string(v.Status)), Controller: v.Controller.Party.Name, Custodian: v.Custodian.Party.Name,
		VaultedAt: words.Moment(v.VaultedAt.UTC()), DocumentHash: string(v.DocumentHash), CertificateURL: self + "/certificate", RecordURL: self + "/custody-record.pdf", Compliant: complianceText(words, a.compliant(s), s),
	}
	if v.Marked != nil {
		page.CopyURL = self + "/copy.pdf"
	}
	for i, e := range custodyOf(entries) {
		page.Custody = append(page.Custody, web.Step{At: words.Moment(entries[i].RecordedAt.UTC()), Kind: inWords(e.Kind), From: nameOf(e.From), To: nameOf(e.To), Version: strconv.Itoa(e.Version)})
	}
	p, err := web.RenderVault(page, web.Frame(t.Filename))
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, p), nil
}

// complianceText says what the last evaluation found, and when.
func complianceText(words *texts.Words, now *bool, s *esign.Summary) string {
	if s.EvaluatedAt == nil || s.Compliant == nil {
		return "Not evaluated yet"
	}
	found := "Not all requirements were met"
	if *s.Compliant {
		found = "All requirements were met"
	}
	found += " on " + words.Moment(s.EvaluatedAt.UTC())
	if now == nil {
		found += "; something has happened since, and the next evaluation is due"
	}
	return found
}

// inWords is a status or the kind of a step as people read it.
func inWords(name string) string {
	name = strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

func nameOf(p *custodyParty) string {
	if p == nil {
		return ""
	}
	return p.Assignee.Name
}

func (a *API) openVaultSession(c *call) (storage.Ticket, error) {
	if _, err := c.Query(); err != nil {
		return storage.Ticket{}, err
	}
	t, err := a.openTicket(c, c.Params["token"], ticketVault)
	if err == nil {
		err = a.stillHeld(c, t)
	}
	if err != nil {
		a.asPage(c, pass{frame: web.Frame(t.Filename)})
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
	case v.Status == custody.StatusReleased || v.Version != t.Version:
		return errTicketDead
	}
	return nil
}

func (a *API) vaultPageCopy(c *call) (*rest.Reply, error) {
	t, err := a.openVaultSession(c)
	if err != nil {
		return nil, err
	}
	return a.metered(c, t, func(c *call, t storage.Ticket) (*rest.Reply, error) {
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
