package esign

import (
	"context"
	"fmt"

	"github.com/evaultlib/evault/internal/validate"
	"github.com/evaultlib/evault/storage"
)

// PreviewRequest asks for a picture of a page as it would look after Sign. Its Also is not called.
type PreviewRequest struct {
	SignRequest
	Page, Width int // from 1; pixels, MinPageWidth to MaxPageWidth
}

// Preview draws a page with the signature and the values of a request on it, a PNG.
// It records nothing and does not count as reading. Errors: those of Session,
// ErrNoRenderer, ErrNoPage, ErrNotDrawn, ErrAlreadySigned, *InvalidError.
func (e *Engine) Preview(ctx context.Context, r PreviewRequest) (*File, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	env, sg, err := e.open(ctx, e.cfg.Store, r.Token)
	switch {
	case err != nil:
		return nil, err
	case sg.Status == SignerSigned:
		return nil, ErrAlreadySigned
	case e.cfg.Renderer == nil:
		return nil, ErrNoRenderer
	case r.Width < MinPageWidth || r.Width > MaxPageWidth:
		return nil, validate.Fail("w", "range", "must be %d to %d", MinPageWidth, MaxPageWidth)
	case r.Page < 1 || r.Page > len(env.Document.PageSizes):
		return nil, ErrNoPage
	}
	if r.TimeZone != "" {
		sg.TimeZone = r.TimeZone
	}
	filled, err := e.fill(env, sg, r.SignRequest)
	if err != nil {
		return nil, err
	}
	before, err := e.assemble(ctx, env)
	if err != nil {
		return nil, err
	}
	added, err := e.place(ctx, before.Bytes(), filled.marks)
	if err != nil {
		return nil, fmt.Errorf("preview of %s: %w", env.ID, err)
	}
	image, err := e.cfg.Renderer.PNG(ctx, before.Append(added).Bytes(), r.Page, r.Width)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: page %d of %s: %w", ErrNotDrawn, r.Page, env.ID, err)
	}
	return &File{Name: fmt.Sprintf("%s_preview_%d.png", env.ID, r.Page), Content: image, SHA256: storage.Sum(image)}, nil
}
