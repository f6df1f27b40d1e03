package httpapi

import (
	"net/http"
	"strconv"

	"github.com/evaultlib/evault/esign"
)

const (
	defaultPageWidth = 1000 // pixels
	atATime          = 2    // pages drawn for one signer, in this replica
)

// signerPageImage answers a page as a picture. Handed out whole, the page counts
// as shown; a HEAD does not. What is shown changes as others sign, so a browser
// that kept it asks again by its ETag.
func (a *API) signerPageImage(c *call) (*reply, error) {
	q, err := c.query("w")
	if err != nil {
		return nil, err
	}
	width := defaultPageWidth
	if q.Has("w") {
		if width, err = strconv.Atoi(q.Get("w")); err != nil {
			return nil, &badRequest{"bad_query", "w must be a whole number"}
		}
	}
	p, err := a.signerPass(c)
	if err != nil {
		return nil, a.guard(c, err)
	}
	s, err := a.cfg.ESign.Session(c.ctx, p.link, a.client(c))
	if err != nil {
		return nil, a.guard(c, err)
	}
	n, err := strconv.Atoi(c.params["n"])
	if err != nil || strconv.Itoa(n) != c.params["n"] {
		return nil, esign.ErrNoPage
	}
	if c.r.Method == http.MethodHead {
		return headOfPage(s, n)
	}
	if _, end, ok := a.pages.take(s.Signer.ID, a.cfg.PagesPerMinute, c.now); !ok {
		c.retryAt = end
		return nil, errRate
	}
	leave, err := a.drawing.Enter(c.ctx, s.Signer.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	h, err := a.cfg.ESign.OpenPage(c.ctx, esign.PageRequest{Token: p.link, Page: n, Width: width, Client: a.client(c)})
	if err != nil {
		return nil, err
	}
	rp := pageImageReply(h.Content)
	if h.Counts() {
		rp.with("ETag", `"`+string(h.SHA256)+`"`)
	} else {
		rp = c.etagged(rp, string(h.SHA256))
	}
	return a.handedOut(c, h, rp.with("Cache-Control", "private, no-cache")), nil
}

func pageImageReply(image []byte) *reply {
	return &reply{status: http.StatusOK, raw: image, header: map[string]string{"Content-Type": "image/png"}}
}

func headOfPage(s *esign.Session, n int) (*reply, error) {
	switch {
	case !s.PageImages:
		return nil, esign.ErrNoRenderer
	case n < 1 || n > len(s.Pages) && !completed(s.EnvelopeStatus):
		return nil, esign.ErrNoPage
	}
	return pageImageReply([]byte{}), nil
}
