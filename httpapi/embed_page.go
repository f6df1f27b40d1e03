package httpapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
	"github.com/evaultlib/evault/internal/environ"
	"github.com/evaultlib/evault/storage"
)

// embedPage is the frame. It has no data of the envelope, so the response is
// the same for every id. The origin that may frame it comes from the query; the
// exchange compares it with the token's origin.
func (a *API) embedPage(c *call) (*rest.Reply, error) {
	q, err := c.Query("origin")
	if err != nil {
		return nil, err
	}
	widget := c.Params["widget"]
	if widget != widgetSign && widget != widgetVault || !environ.IsID(c.id(), "env") {
		return nil, errNoRoute
	}
	origin := q.Get("origin")
	if q.Has("origin") && !plainOrigin(origin) {
		return nil, rest.BadQuery("origin must be an origin such as https://app.example")
	}
	page, err := web.RenderEmbed(web.Embed{SessionURL: a.cfg.BasePath + "/embed/session", Origin: origin}, web.Frame(origin))
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, page), nil
}

// embedScript is the script of a partner's page. Any page may load and check it
// (subresource integrity), and keep it for an hour.
func (a *API) embedScript(c *call) (*rest.Reply, error) {
	if _, err := c.Query(); err != nil {
		return nil, err
	}
	script, err := web.EmbedScript()
	if err != nil {
		return nil, err
	}
	rp := c.Etagged(&rest.Reply{Status: http.StatusOK, Raw: script}, string(storage.Sum(script)))
	for name, value := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "public, max-age=3600",
		"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*",
	} {
		rp.With(name, value)
	}
	return rp, nil
}

// plainOrigin accepts scheme, host and port in characters allowed in a policy header.
func plainOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != s || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	return strings.IndexFunc(u.Host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".-:[]", r)
	}) < 0
}
