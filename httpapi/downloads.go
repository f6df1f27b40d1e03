package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/storage/event"
	"github.com/evaultlib/evault/storage/standing"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/custody"
)

type signedURL struct {
	URL       string `json:"signed_url"`
	Filename  string `json:"filename"`
	ExpiresIn int    `json:"expires_in"`
	ExpiresAt string `json:"expires_at"`
	SingleUse bool   `json:"single_use"`
}

func (a *API) authoritativeURL(c *call) (*rest.Reply, error) {
	seconds, err := c.expires()
	if err != nil {
		return nil, err
	}
	v, err := a.cfg.Vault.Proven(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, a.unlessUnknown(c, err)
	}
	if v.Status == custody.StatusReleased {
		return nil, vault.ErrReleased
	}
	return a.downloadURL(c, seconds, storage.Ticket{
		Kind: ticketAuthoritative, EnvelopeID: v.EnvelopeID, OrgID: c.key.OrgID, KeyID: c.key.ID, Target: v.CopyID, Version: v.Version,
		SingleUse: true, Filename: v.EnvelopeID + "_authoritative.pdf",
	})
}

func (a *API) copyURL(c *call) (*rest.Reply, error) {
	seconds, err := c.expires()
	if err != nil {
		return nil, err
	}
	v, err := a.original(c, standing.SeeMarked)
	if err != nil {
		return nil, err
	}
	if v.Marked == nil {
		return nil, vault.ErrCopyUnavailable
	}
	return a.downloadURL(c, seconds, storage.Ticket{
		Kind: ticketCopy, EnvelopeID: v.EnvelopeID, OrgID: c.key.OrgID, KeyID: c.key.ID, Target: v.Marked.ID, Version: v.Version,
		Filename: v.EnvelopeID + "_copy.pdf",
	})
}

func (c *call) expires() (int, error) {
	q, err := c.Query("expires")
	if err != nil {
		return 0, err
	}
	n, err := rest.Int(q, "expires", defaultExpires, 0, 1<<31)
	if err != nil {
		return 0, err
	}
	if n < minExpires || n > maxExpires {
		return 0, validate.Fail("expires", "range", "must be from %d to %d seconds", minExpires, maxExpires)
	}
	return n, nil
}

func (a *API) downloadURL(c *call, seconds int, t storage.Ticket) (*rest.Reply, error) {
	if c.R.Method == http.MethodHead {
		return rest.OK(nil), nil
	}
	token, t, err := a.issue(c, t, time.Duration(seconds)*time.Second)
	if err != nil {
		return nil, err
	}
	return rest.OK(signedURL{a.downloadAddress(token), t.Filename, seconds, at(t.ExpiresAt), t.SingleUse}), nil
}

func (a *API) downloadAddress(token string) string {
	return a.cfg.BaseURL + a.cfg.BasePath + "/download/" + token
}

// download serves a signed URL. Only the exact token that was issued is accepted.
func (a *API) download(c *call) (*rest.Reply, error) {
	if c.R.URL.RawQuery != "" || c.R.URL.ForceQuery {
		return nil, a.guard(c, errTicket)
	}
	t, err := a.openTicket(c, c.Params["token"], ticketAuthoritative, ticketCopy, ticketPackage)
	if err != nil {
		return nil, a.guard(c, err)
	}
	give := a.downloadCopy
	switch t.Kind {
	case ticketAuthoritative:
		give = a.downloadOriginal
	case ticketPackage:
		give = a.downloadPackage
	}
	return a.metered(c, t, give)
}

// metered counts a download, unless it is a HEAD.
func (a *API) metered(c *call, t storage.Ticket, give func(*call, storage.Ticket) (*rest.Reply, error)) (*rest.Reply, error) {
	if c.R.Method == http.MethodHead {
		return give(c, t)
	}
	undo, err := a.spend(c, t.OrgID, "downloads", 1, a.cfg.Quotas.Downloads)
	if err != nil {
		return nil, err
	}
	rp, err := give(c, t)
	if err != nil {
		undo()
	}
	return rp, err
}

func (a *API) readRequest(c *call, t storage.Ticket) vault.ReadRequest {
	return vault.ReadRequest{
		OrgID: t.OrgID, EnvelopeID: t.EnvelopeID, Version: t.Version, Actor: event.Actor{Kind: event.ActorKey, ID: t.KeyID, OrgID: t.OrgID}, RemoteAddr: a.cfg.ClientIP(c.R),
		Also: func(ctx context.Context, tx storage.Tx, _ *vault.File) error {
			if !t.SingleUse {
				return nil
			}
			return a.cfg.Tickets.Take(ctx, tx, t.ID, c.Now)
		},
	}
}

func (a *API) downloadOriginal(c *call, t storage.Ticket) (*rest.Reply, error) {
	if c.R.Method == http.MethodHead { // uses nothing up
		v, err := a.cfg.Vault.Proven(c.Ctx, t.OrgID, t.EnvelopeID)
		switch {
		case err != nil:
			return nil, err
		case v.Status == custody.StatusReleased:
			return nil, vault.ErrReleased
		case v.Version != t.Version:
			return nil, vault.ErrSuperseded
		}
		return rest.File{Name: t.Filename, ContentType: "application/pdf"}.Head(v.Size).With("ETag", `"`+string(v.DocumentHash)+`"`), nil
	}
	f, err := a.cfg.Vault.ReadAuthoritative(c.Ctx, a.readRequest(c, t))
	if err != nil {
		return nil, err
	}
	return rest.File{Name: f.Name, ContentType: "application/pdf", ETag: string(f.SHA256), Content: f.Content}.Whole(), nil
}

func (a *API) downloadCopy(c *call, t storage.Ticket) (*rest.Reply, error) {
	v, err := a.cfg.Vault.OriginalFor(c.Ctx, standing.SeeMarked, t.OrgID, t.EnvelopeID)
	if err != nil {
		return nil, err
	}
	if v.Version != t.Version || v.Marked == nil || v.Marked.ID != t.Target {
		return nil, errTicketDead
	}
	r := a.readRequest(c, t)
	r.Also = nil
	f, err := a.cfg.Vault.ReadCopy(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return rest.File{Name: f.Name, ContentType: "application/pdf", ETag: string(f.SHA256), Content: f.Content}.Ranged(), nil
}

// downloadPackage serves a release package. No response contains its digest,
// because knowing the digest proves possession of the package.
func (a *API) downloadPackage(c *call, t storage.Ticket) (*rest.Reply, error) {
	if c.R.Method == http.MethodHead {
		r, err := a.cfg.Vault.Released(c.Ctx, t.OrgID, t.EnvelopeID)
		switch {
		case err != nil:
			return nil, err
		case r.AcknowledgedAt != nil:
			return nil, vault.ErrPackageGone
		case r.Package == nil:
			return nil, vault.ErrPackagePending
		}
		return rest.File{Name: t.Filename, ContentType: "application/zip"}.Head(r.Package.Size), nil
	}
	f, err := a.cfg.Vault.ReadPackage(c.Ctx, a.readRequest(c, t))
	if err != nil {
		return nil, err
	}
	return rest.File{Name: f.Name, ContentType: "application/zip", Content: f.Content}.Whole(), nil
}

func notVaultedIsState(err error) error {
	if errors.Is(err, vault.ErrNotVaulted) {
		return &stateConflict{"the envelope is not vaulted"}
	}
	return err
}
