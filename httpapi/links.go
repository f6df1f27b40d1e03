package httpapi

import (
	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/scopes"
)

type linkBody struct {
	SignerID   string             `json:"signer_id"`
	Email      string             `json:"email"`
	Name       string             `json:"name"`
	Role       string             `json:"role"`
	Order      int                `json:"order"`
	Status     esign.SignerStatus `json:"status"`
	SigningURL *string            `json:"signing_url"`
	ExpiresAt  *string            `json:"expires_at"`
}

func (a *API) signingLinks(c *call) (*rest.Reply, error) {
	if s := a.cfg.LinkScope; s != "" && !c.key.Scopes.Has(s) {
		return nil, &scopeMissing{[]scopes.Scope{s}}
	}
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	if c.R.Method == "HEAD" { // reading the links is an event; a HEAD reads none
		if _, err := a.cfg.ESign.Status(c.Ctx, c.key.OrgID, c.id()); err != nil {
			return nil, err
		}
		return rest.OK([]linkBody{}), nil
	}
	links, err := a.cfg.ESign.SigningLinks(c.Ctx, esign.LinksRequest{
		OrgID: c.key.OrgID, EnvelopeID: c.id(), Actor: c.actor(), RemoteAddr: a.cfg.ClientIP(c.R),
	})
	if err != nil {
		return nil, err
	}
	out := make([]linkBody, len(links))
	for i, l := range links {
		out[i] = linkBody{l.SignerID, l.Email, l.Name, l.Role, l.Order, l.Status, nil, atp(l.ExpiresAt)}
		if l.Token != "" {
			u := SigningURL(a.cfg.BaseURL, a.cfg.BasePath, l.Token)
			out[i].SigningURL = &u
		}
	}
	return rest.OK(out), nil
}
