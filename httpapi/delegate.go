package httpapi

import (
	"net/http"
	"strings"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/web"
)

type delegateInput struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

// signerDelegate delegates signing. The response to a form is a page, because
// the link of the form is no longer valid.
func (a *API) signerDelegate(c *call) (*rest.Reply, error) {
	var in delegateInput
	if c.Body.Kind == rest.Form {
		in = delegateInput{strings.TrimSpace(c.Body.Form.Get("email")), strings.TrimSpace(c.Body.Form.Get("name"))}
	} else if err := c.Decode(&in); err != nil {
		return nil, err
	}
	var frame web.Frame
	rp, err := a.signerVerb(c, func(p pass) (*esign.SignerResult, error) {
		frame = p.frame
		return a.cfg.ESign.Delegate(c.Ctx, esign.DelegateRequest{
			Token: p.link, Email: in.Email, Name: in.Name, Client: a.client(c), Also: rest.Keep(c.Call, signerReply),
		})
	})
	if err != nil || c.Body.Kind != rest.Form {
		return rp, err
	}
	sh := a.shell(c, "")
	sh.Title = sh.Say("delegated.title")
	page, err := web.RenderNotice(web.Notice{Shell: sh, Paragraphs: []string{sh.Say("delegated.what", "name", in.Name, "email", in.Email)}}, frame)
	if err != nil {
		return nil, err
	}
	return pageReply(http.StatusOK, page), nil
}
