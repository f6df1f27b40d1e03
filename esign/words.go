package esign

import (
	"context"
	"fmt"
)

// TextReader is a Renderer that also reads the words of pages; a *render.Renderer
// is one.
type TextReader interface {
	// Text returns the words of each page of a PDF, "" for a page without any.
	Text(ctx context.Context, pdf []byte) ([]string, error)
}

// HasText reports whether Words works.
func (e *Engine) HasText() bool {
	_, reads := e.cfg.Renderer.(TextReader)
	return reads
}

// Words are the words of each page of the document as it stands, for people who do
// not see its pictures. They are no read that a signature needs. Errors: those of
// Session, ErrNoRenderer, ErrNotDrawn.
func (e *Engine) Words(ctx context.Context, token string) ([]string, error) {
	env, _, err := e.open(ctx, e.cfg.Store, token)
	if err != nil {
		return nil, err
	}
	reader, reads := e.cfg.Renderer.(TextReader)
	if !reads {
		return nil, ErrNoRenderer
	}
	doc, err := e.current(ctx, env)
	if err != nil {
		return nil, err
	}
	pages, err := reader.Text(ctx, doc.Bytes())
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: text of %s: %w", ErrNotDrawn, env.ID, err)
	}
	return pages, nil
}
