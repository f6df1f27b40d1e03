package httpapi

import (
	"context"
	"errors"
	"slices"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/scopes"
	"github.com/evaultlib/evault/storage"
)

type originsInput struct {
	Origins *[]string `json:"origins"`
}

type originsBody struct {
	OrgID   string   `json:"org_id"`
	Origins []string `json:"origins"`
}

// origins are the web origins that may embed the pages of the key's organization,
// and to which signers may be sent back.
func (a *API) origins(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	org, err := a.cfg.Scopes.Organization(c.Ctx, c.key.OrgID)
	if err != nil {
		return nil, err
	}
	return rest.OK(originsBody{org.ID, list(org.Origins)}), nil
}

// setOrigins replaces them. Pages embedded by a removed origin stop working.
func (a *API) setOrigins(c *call) (*rest.Reply, error) {
	var in originsInput
	if err := c.Decode(&in); err != nil {
		return nil, err
	}
	if in.Origins == nil {
		return nil, validate.Fail("origins", "required", "is required; [] allows none")
	}
	set, err := a.cfg.Scopes.SetOrigins(c.Ctx, c.key.OrgID, *in.Origins)
	if err != nil {
		return nil, err
	}
	return rest.OK(originsBody{c.key.OrgID, list(set)}), nil
}

// mayEmbed reports whether an origin is one of the organization's now. "" is no
// frame at all.
func (a *API) mayEmbed(ctx context.Context, orgID, origin string) (bool, error) {
	if origin == "" {
		return true, nil
	}
	org, err := a.cfg.Scopes.Organization(ctx, orgID)
	if errors.Is(err, scopes.ErrOrganizationNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.Contains(org.Origins, origin), nil
}

// openEmbedded is openTicket for the session of an embed token: errTicketDead once
// the origin that embeds it is no longer the organization's. The frame is nobody's
// then.
func (a *API) openEmbedded(c *call, token, kind string) (embedded, error) {
	t, err := a.openTicket(c, token, kind)
	if errors.Is(err, errTicket) {
		return embedded{}, err
	}
	s := embedded{Ticket: t}
	may, failed := a.mayEmbed(c.Ctx, t.OrgID, t.Filename)
	switch {
	case err == nil && failed != nil:
		return s, failed
	case may:
		s.frame = web.Frame(t.Filename)
	case err == nil:
		err = errTicketDead
	}
	return s, err
}

// embedded is the session of an embed token, and who may frame its pages.
type embedded struct {
	storage.Ticket
	frame web.Frame
}
