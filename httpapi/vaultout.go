package httpapi

import (
	"errors"

	"github.com/evaultlib/evault/compliance/handover"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
	"github.com/evaultlib/evault/vault"
	"github.com/evaultlib/evault/vault/approval"
	"github.com/evaultlib/evault/vault/custody"
)

type recipientBody struct {
	Name         string `json:"name"`
	Organization string `json:"organization"`
	Email        string `json:"email"`
}

type vaultOutInput struct {
	Reason    string        `json:"reason"`
	Note      string        `json:"note"`
	Recipient recipientBody `json:"recipient"`
	Consent   string        `json:"consent"`
}

type releaseRecord struct {
	ReleaseID  string  `json:"release_id"`
	EnvelopeID string  `json:"envelope_id"`
	Status     string  `json:"status"`
	Reason     string  `json:"reason"`
	Note       *string `json:"note"`
	Recipient  struct {
		Name         string  `json:"name"`
		Organization *string `json:"organization"`
		Email        *string `json:"email"`
	} `json:"recipient"`
	ReleasedAt       string       `json:"released_at"`
	Authoritative    releasedBody `json:"authoritative"`
	PackageURL       *string      `json:"package_url"`
	PackageExpiresAt *string      `json:"package_expires_at"`
	Delivery         deliveryBody `json:"delivery"`
	Log              *logPosition `json:"log"`
}

type releasedBody struct {
	SHA256  storage.Digest `json:"sha256"`
	Size    int64          `json:"size"`
	Version int            `json:"version"`
}

type deliveryBody struct {
	State          string  `json:"state"`
	FetchedAt      *string `json:"fetched_at"`
	AcknowledgedAt *string `json:"acknowledged_at"`
	DeleteAfter    *string `json:"delete_after"`
}

func (r releaseRecord) WithoutSecrets() any {
	r.PackageURL, r.PackageExpiresAt = nil, nil
	return r
}

// releaseReply is the release record, with a fresh address of the package while
// there is one to fetch.
func (a *API) releaseReply(c *call, r *vault.Release) (*rest.Reply, error) {
	out := releaseRecord{
		ReleaseID: r.ReleaseID, EnvelopeID: r.EnvelopeID, Status: string(custody.StatusReleased), Reason: r.Reason, Note: orNull(r.Note),
		ReleasedAt: at(r.ReleasedAt), Authoritative: releasedBody{r.SHA256, r.Size, r.Version},
		Delivery: deliveryBody{string(r.Delivery()), atp(r.FetchedAt), atp(r.AcknowledgedAt), atp(r.DeleteAfter)},
	}
	out.Recipient.Name, out.Recipient.Organization, out.Recipient.Email = r.Recipient.Name, orNull(r.Recipient.Organization), orNull(r.Recipient.Email)
	p, err := a.cfg.Compliance.LogPosition(c.Ctx, r.EventID)
	if err != nil {
		return nil, err
	}
	out.Log = positionOf(p)
	if r.Package != nil && r.AcknowledgedAt == nil {
		token, t, err := a.issue(c, storage.Ticket{
			Kind: ticketPackage, EnvelopeID: r.EnvelopeID, OrgID: r.OrgID, KeyID: c.key.ID, Target: r.ReleaseID, Version: r.Version,
			SingleUse: true, Filename: r.EnvelopeID + "_release.zip",
		}, packageLife)
		if err != nil {
			return nil, err
		}
		address, expires := a.downloadAddress(token), at(t.ExpiresAt)
		out.PackageURL, out.PackageExpiresAt = &address, &expires
	}
	return rest.OK(out), nil
}

func (a *API) vaultOut(c *call) (*rest.Reply, error) {
	var in vaultOutInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	r := in.request()
	r.OrgID, r.EnvelopeID, r.Actor, r.RequestID = c.key.OrgID, c.id(), c.actor(), c.RequestID
	var err error
	if r.RequestSHA256, err = c.Digest(); err != nil {
		return nil, err
	}
	if err := validate.Struct(vault.ReleaseRequest{Reason: r.Reason, Note: r.Note, Recipient: r.Recipient}); err != nil {
		return nil, err
	}
	if r.IfMatch, err = c.envelopeTag(a); err != nil {
		return nil, err
	}
	copied, err := a.vaulted(c)
	if err != nil && !errors.Is(err, vault.ErrNotController) { // whose attempt the vault records
		return nil, err
	}
	if err == nil && copied.Status == custody.StatusVaulted {
		if asked, err := a.ask(c, approval.Release, nil); asked != nil || err != nil {
			return asked, err
		}
	}
	return a.release(c, r)
}

// request is the release that the body asks for.
func (in *vaultOutInput) request() handover.VaultOutRequest {
	return handover.VaultOutRequest{
		Reason: in.Reason, Note: in.Note, Consent: in.Consent,
		Recipient: custody.Recipient{Name: in.Recipient.Name, Organization: in.Recipient.Organization, Email: in.Recipient.Email},
	}
}

func (a *API) release(c *call, r handover.VaultOutRequest) (*rest.Reply, error) {
	rel, err := a.cfg.Handover.VaultOut(c.Ctx, r)
	if err != nil {
		return nil, err
	}
	return a.releaseReply(c, rel)
}

// releaseAgain answers a repeat with the first record and an address of its
// own for the package.
func (a *API) releaseAgain(c *call, body []byte) (*rest.Reply, error) {
	if asked(body) != "" {
		return a.askAgain(c, body)
	}
	rel, err := a.cfg.Vault.Released(c.Ctx, c.key.OrgID, c.id())
	if err != nil {
		return nil, err
	}
	return a.releaseReply(c, rel)
}

type acknowledgeInput struct {
	SHA256 storage.Digest `json:"sha256"`
}

func (a *API) acknowledge(c *call) (*rest.Reply, error) {
	var in acknowledgeInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if _, err := storage.ParseDigest(string(in.SHA256)); err != nil {
		return nil, validate.Fail("sha256", "sha256", "must be 64 lower-case hex digits")
	}
	if _, err := a.vaulted(c); err != nil {
		return nil, err
	}
	rel, err := a.cfg.Vault.Acknowledge(c.Ctx, vault.AcknowledgeRequest{OrgID: c.key.OrgID, EnvelopeID: c.id(), SHA256: in.SHA256, Actor: c.actor()})
	if err != nil {
		return nil, err
	}
	return a.releaseReply(c, rel)
}
