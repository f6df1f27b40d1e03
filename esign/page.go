package esign

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/pdf/copymark"
	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// Renderer draws pages; a *render.Renderer is one.
type Renderer interface {
	// PNG draws page (from 1) of a PDF as a PNG image, width pixels wide.
	PNG(ctx context.Context, pdf []byte, page, width int) ([]byte, error)
}

// PageRequest asks for a picture of one page.
type PageRequest struct {
	Token       string
	Page, Width int // from 1; pixels, MinPageWidth to MaxPageWidth
	Client      Client
}

// PageImage is OpenPage for a caller that sends every byte: the page counts as read immediately.
func (e *Engine) PageImage(ctx context.Context, r PageRequest) (*File, error) {
	h, err := e.OpenPage(ctx, r)
	if err != nil {
		return nil, err
	}
	return &h.File, h.HandedOut(ctx)
}

// OpenPage draws one page of the document as it stands, a PNG. Until the last signature it is drawn
// from the unmarked bytes; pictures of all pages, each at least 100 pixels wide and sent
// completely, satisfy the requirement to read before signing, like the transfer of the document:
// see [Handout]. Of the completed document it is a page of a marked copy. Errors: those of Session,
// ErrNoRenderer, ErrNoPage, ErrNotDrawn, *InvalidError for the width.
func (e *Engine) OpenPage(ctx context.Context, r PageRequest) (*Handout, error) {
	env, sg, err := e.open(ctx, e.cfg.Store, r.Token)
	switch {
	case err != nil:
		return nil, err
	case e.cfg.Renderer == nil:
		return nil, ErrNoRenderer
	case r.Width < MinPageWidth || r.Width > MaxPageWidth:
		return nil, validate.Fail("w", "range", "must be %d to %d", MinPageWidth, MaxPageWidth)
	case r.Page < 1 || env.Sealed == nil && r.Page > len(env.Document.PageSizes) || env.Sealed != nil && r.Page > env.Sealed.Pages:
		return nil, ErrNoPage
	}
	doc, err := e.current(ctx, env)
	if err != nil {
		return nil, err
	}
	raw := doc.Bytes()
	if env.Sealed != nil {
		if raw, err = e.pageCopy(ctx, env, doc); err != nil {
			return nil, fmt.Errorf("copy of %s: %w", env.ID, err)
		}
	}
	image, err := e.cfg.Renderer.PNG(ctx, raw, r.Page, r.Width)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: page %d of %s: %w", ErrNotDrawn, r.Page, env.ID, err)
	}
	f := File{Name: fmt.Sprintf("%s_page_%d.png", env.ID, r.Page), Content: image, SHA256: storage.Sum(image)}
	if r.Width < leastShown {
		return &Handout{File: f}, nil
	}
	return e.handout(ctx, r.Token, env, sg, r.Page, f, r.Client)
}

// pageCopy is a marked copy that is the same bytes each time, so that its images can be kept.
func (e *Engine) pageCopy(ctx context.Context, env *Envelope, doc *storage.Content) ([]byte, error) {
	m := copymark.Mark{EnvelopeID: env.ID, SHA256: string(doc.SHA256()), Fonts: e.fonts, Limits: e.grown()}
	if env.CompletedAt != nil {
		m.At = *env.CompletedAt
	}
	return copymark.MarkCopy(ctx, doc.Bytes(), m)
}
