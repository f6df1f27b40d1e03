package render

import (
	"context"
	"fmt"
	"image"
	"math"
	"strings"
	"sync"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"
)

// engine is what is used of a PDFium instance. The instance's implementation is called, not the wrapper that the pool
// hands out: the wrapper's Kill writes, unguarded, what its other methods read.
type engine interface {
	OpenDocument(*requests.OpenDocument) (*responses.OpenDocument, error)
	FPDF_GetPageCount(*requests.FPDF_GetPageCount) (*responses.FPDF_GetPageCount, error)
	GetPageSize(*requests.GetPageSize) (*responses.GetPageSize, error)
	GetPageText(*requests.GetPageText) (*responses.GetPageText, error)
	RenderPageInPixels(*requests.RenderPageInPixels) (*responses.RenderPageInPixels, error)
}

// draw uses one fresh sandbox for one page. The caller holds a slot.
func (r *Renderer) draw(ctx context.Context, pdf []byte, page, width int) (image []byte, err error) {
	err = r.inSandbox(ctx, func(e engine) error {
		image, err = r.drawIn(e, pdf, page, width)
		return err
	})
	return image, err
}

// inSandbox runs work in a fresh sandbox, within the deadline. The caller holds a slot.
func (r *Renderer) inSandbox(ctx context.Context, work func(engine) error) error {
	instance, err := r.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return r.reason(ctx, ctx, fmt.Errorf("render: start a sandbox: %w", err))
	}
	limited, cancel := context.WithTimeout(ctx, r.cfg.Deadline)
	defer cancel()
	// A sandbox ends by being killed, be it early or in the end: closing would run code of PDFium over what the document
	// left there.
	var end sync.Once
	kill := func() { end.Do(func() { _ = instance.Kill() }) }
	defer kill()
	defer context.AfterFunc(limited, kill)()
	if err := work(instance.GetImplementation().(engine)); err != nil {
		return r.reason(ctx, limited, err)
	}
	return nil
}

// reason names what ended a drawing: who asked, Close, the deadline, or the document.
func (r *Renderer) reason(ctx, limited context.Context, err error) error {
	switch {
	case r.ctx.Err() != nil:
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("%w: more than %s", ErrTimeout, r.cfg.Deadline)
	}
	return err
}

// broken is ErrDocument with the first line of what PDFium or its sandbox said; the rest would be a stack trace.
func broken(page int, cause any) error {
	line, _, _ := strings.Cut(fmt.Sprint(cause), "\n")
	return fmt.Errorf("%w: page %d: %s", ErrDocument, page, line)
}

// drawIn panics in no case: what goes wrong in the sandbox becomes an error.
func (r *Renderer) drawIn(e engine, pdf []byte, page, width int) (png []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			png, err = nil, broken(page, p)
		}
	}()
	doc, err := e.OpenDocument(&requests.OpenDocument{File: &pdf})
	if err != nil {
		return nil, broken(page, err)
	}
	count, err := e.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc.Document})
	if err != nil {
		return nil, broken(page, err)
	}
	if page > count.PageCount {
		return nil, fmt.Errorf("%w: page %d of %d", ErrPage, page, count.PageCount)
	}
	at := requests.Page{ByIndex: &requests.PageByIndex{Document: doc.Document, Index: page - 1}}
	size, err := e.GetPageSize(&requests.GetPageSize{Page: at})
	if err != nil {
		return nil, broken(page, err)
	}
	if err := r.checkSize(size.Width, size.Height, width); err != nil {
		return nil, err
	}
	drawn, err := e.RenderPageInPixels(&requests.RenderPageInPixels{
		Page: at, Width: width, Document: &doc.Document,
		RenderFlags: enums.FPDF_RENDER_FLAG_ANNOT, RenderForm: true,
	})
	if err != nil {
		return nil, broken(page, err)
	}
	img, ok := drawn.Result.RenderedImage.(*image.RGBA)
	if !ok {
		return nil, broken(page, "the image does not have the requested format")
	}
	return encode(img, drawn.Result.HasTransparency)
}

// checkSize refuses before memory is asked for. Points come from the document: anything may stand there.
func (r *Renderer) checkSize(w, h float64, width int) error {
	if !(w > 0 && h > 0) || math.IsInf(w, 0) || math.IsInf(h, 0) {
		return fmt.Errorf("%w: the page has no area", ErrDocument)
	}
	if height := math.Ceil(float64(width) * h / w); height*float64(width) > float64(r.cfg.MaxPixels) {
		return fmt.Errorf("%w: the image would have %d × %.0f pixels, at most %d are allowed", ErrTooLarge, width, height, r.cfg.MaxPixels)
	}
	return nil
}
