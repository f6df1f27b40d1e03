package httpapi

import (
	_ "embed" // for openapi.yaml
	"net/http"
	"slices"
	"strings"

	"github.com/evaultlib/evault/compliance/certificate"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
)

//go:embed openapi.yaml
var openapi []byte

// OpenAPI returns the content of openapi.yaml as served.
func OpenAPI() []byte { return slices.Clone(openapi) }

func (a *API) openapiYAML(*call) (*rest.Reply, error) {
	return (&rest.Reply{Status: http.StatusOK, Raw: openapi}).With("Content-Type", "application/yaml"), nil
}

func (a *API) docs(*call) (*rest.Reply, error) {
	d := web.Docs{BasePath: a.cfg.BasePath}
	for _, rt := range a.routes {
		d.Routes = append(d.Routes, web.DocsRoute{Method: rt.method, Path: rt.pattern, Needs: needs(&rt), About: rt.about})
	}
	for _, p := range problems {
		d.Problems = append(d.Problems, web.DocsProblem{Code: p.code, Title: p.title, Status: p.status})
	}
	slices.SortStableFunc(d.Problems, func(x, y web.DocsProblem) int { return strings.Compare(x.Code, y.Code) })
	d.Problems = slices.CompactFunc(d.Problems, func(x, y web.DocsProblem) bool { return x.Code == y.Code })
	page, err := web.RenderDocs(d)
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, page), nil
}

func needs(rt *route) string {
	switch rt.cred {
	case byToken:
		return "the token in the path"
	case byNobody:
		return "nothing"
	case byKey:
	}
	return strings.Join(words(rt.scopes), " or ")
}

func (a *API) rules(c *call) (*rest.Reply, error) {
	rp := &rest.Reply{Status: http.StatusOK, Raw: []byte(certificate.Rules())}
	return c.Etagged(rp.With("Content-Type", "text/markdown; charset=utf-8"), string(certificate.RulesSHA256())), nil
}
