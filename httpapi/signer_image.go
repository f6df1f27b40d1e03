package httpapi

import (
	"net/http"
	"strconv"

	"github.com/evaultlib/evault/esign"
	"github.com/evaultlib/evault/httpapi/internal/rest"
)

// signerPageImage sends a page as a picture. Once it is sent completely, the
// page counts as read; a HEAD does not count. The picture changes as others
// sign, so a browser revalidates it by its ETag.
func (a *API) signerPageImage(c *call) (*rest.Reply, error) {
	q, err := c.Query("w")
	if err != nil {
		return nil, err
	}
	width := defaultPageWidth
	if q.Has("w") {
		if width, err = strconv.Atoi(q.Get("w")); err != nil {
			return nil, rest.BadQuery("w must be a whole number")
		}
	}
	p, err := a.signerPass(c)
	if err != nil {
		return nil, a.guard(c, err)
	}
	s, err := a.cfg.ESign.Session(c.Ctx, p.link, a.client(c))
	if err != nil {
		return nil, a.guard(c, err)
	}
	n, err := strconv.Atoi(c.Params["n"])
	if err != nil || strconv.Itoa(n) != c.Params["n"] {
		return nil, esign.ErrNoPage
	}
	if c.R.Method == http.MethodHead {
		return headOfPage(s, n)
	}
	return a.drawn(c, s.Signer.ID, func() (*rest.Reply, error) {
		h, err := a.cfg.ESign.OpenPage(c.Ctx, esign.PageRequest{Token: p.link, Page: n, Width: width, Client: a.client(c)})
		if err != nil {
			return nil, err
		}
		rp := pageImageReply(h.Content)
		if h.Counts() {
			rp.With("ETag", `"`+string(h.SHA256)+`"`)
		} else {
			rp = c.Etagged(rp, string(h.SHA256))
		}
		return a.handedOut(c, h, rp.With("Cache-Control", "private, no-cache")), nil
	})
}

func pageImageReply(image []byte) *rest.Reply {
	return &rest.Reply{Status: http.StatusOK, Raw: image, Header: map[string]string{"Content-Type": "image/png"}}
}

func headOfPage(s *esign.Session, n int) (*rest.Reply, error) {
	switch {
	case !s.PageImages:
		return nil, esign.ErrNoRenderer
	case n < 1 || n > len(s.Pages) && !completed(s.EnvelopeStatus):
		return nil, esign.ErrNoPage
	}
	return pageImageReply([]byte{}), nil
}
