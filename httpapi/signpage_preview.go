package httpapi

import (
	"net/http"
	"strconv"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
	"github.com/evaultlib/evault/httpapi/internal/signview"
	"github.com/evaultlib/evault/httpapi/web"
)

// drawn runs work that draws for a signer, within the signer's share.
func (a *API) drawn(c *call, signerID string, work func() (*rest.Reply, error)) (*rest.Reply, error) {
	if _, end, ok := a.pages.Take(signerID, a.cfg.PagesPerMinute, c.Now); !ok {
		c.RetryAt = end
		return nil, errRate
	}
	release, err := a.drawing.Acquire(c.Ctx, signerID)
	if err != nil {
		return nil, err
	}
	defer release()
	return work()
}

// signerPreview answers a page as signing would leave it, a picture. The form is that
// of the signing page, with the page's number.
func (a *API) signerPreview(c *call) (*rest.Reply, error) {
	p, err := a.signerPass(c)
	if err != nil {
		return nil, a.guard(c, err)
	}
	s, err := a.cfg.ESign.Session(c.Ctx, p.link, a.client(c))
	if err != nil {
		return nil, a.guard(c, err)
	}
	r := esign.PreviewRequest{Width: previewWidth}
	if err := c.signForm(&r.SignRequest, s.Fields); err != nil {
		return nil, err
	}
	r.Token, r.Client = p.link, a.client(c)
	if r.Page, err = strconv.Atoi(c.Body.Form.Get("page")); err != nil {
		return nil, esign.ErrNoPage
	}
	return a.drawn(c, s.Signer.ID, func() (*rest.Reply, error) {
		f, err := a.cfg.ESign.Preview(c.Ctx, r)
		if err != nil {
			return nil, err
		}
		return pageImageReply(f.Content), nil
	})
}

// signerText is the document's words as a page, for those who do not see pictures.
func (a *API) signerText(c *call) (*rest.Reply, error) {
	p, s, err := a.openSession(c, lang)
	if err != nil {
		a.asPage(c, p)
		return nil, a.guard(c, err)
	}
	return a.drawn(c, s.Signer.ID, func() (*rest.Reply, error) {
		words, err := a.cfg.ESign.Words(c.Ctx, p.link)
		if err != nil {
			a.asPage(c, p)
			return nil, err
		}
		sh := a.shell(c, s.OrgID)
		sh.Title = sh.Say("text.title", "envelope", s.EnvelopeName)
		page, err := web.RenderText(web.Text{
			Shell: sh, Back: a.self(c) + "?" + lang + "=" + sh.Words.Tag, Pages: signview.Text(words),
		}, p.frame)
		if err != nil {
			return nil, err
		}
		return pageReply(http.StatusOK, page), nil
	})
}
