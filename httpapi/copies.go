package httpapi

import (
	"net/http"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/storage"
)

type copyBody struct {
	CopyID  string         `json:"copy_id"`
	Kind    string         `json:"kind"`
	Version int            `json:"version"`
	SHA256  storage.Digest `json:"sha256"`
	MadeAt  string         `json:"made_at"`
	GivenTo actorBody      `json:"given_to"`
}

func (a *API) copies(c *call) (*rest.Reply, error) {
	q, err := c.Query("page", "limit", "cursor")
	if err != nil {
		return nil, err
	}
	page, err := rest.Page(q)
	if err != nil {
		return nil, err
	}
	if _, err := a.vaulted(c); err != nil {
		return nil, err
	}
	l, err := a.cfg.Vault.RegisteredCopies(c.Ctx, c.key.OrgID, c.id(), page)
	if err != nil {
		return nil, rest.QueryError(err)
	}
	out := make([]copyBody, len(l.Items))
	for i, r := range l.Items {
		out[i] = copyBody{r.ID, string(r.Kind), r.Version, r.SHA256, at(r.MadeAt), actorBody(r.GivenTo)}
	}
	return &rest.Reply{Status: http.StatusOK, Data: out, Meta: rest.MetaOf(page, l.Total, l.Next)}, nil
}
